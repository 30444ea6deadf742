internal import Database

/// The database's own group commits: many callers, each of whom writes one small row and waits for
/// it to be durable.
struct GroupedInserts {
  private let database: any Database

  init(on database: any Database) async throws {
    self.database = database
    try await database.write { connection in
      try connection.execute(
        connection.dialect.createTable(
          "bare", "id \(connection.dialect.generatedKey), note TEXT NOT NULL"))
    }
  }

  /// Rows a second.
  func run(_ count: Int, callers: Int) async throws -> Double {
    let before = try await rows()
    let database = database
    let seconds = try await WallClock.seconds {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for caller in 0..<callers {
          group.addTask {
            for number in stride(from: caller, to: count, by: callers) {
              try await database.groupedWrite { connection in
                try connection.execute(
                  "INSERT INTO bare (note) VALUES ($1)", [.text("row \(number)")])
              }
            }
          }
        }
        try await group.waitForAll()
      }
    }
    guard try await rows() - before == count else { throw BenchmarkFailure("rows are missing") }
    return Double(count) / seconds
  }

  private func rows() async throws -> Int {
    let row = try await database.read { try $0.queryFirst("SELECT COUNT(*) AS n FROM bare") }
    return Int(try row?.integer("n") ?? 0)
  }
}
