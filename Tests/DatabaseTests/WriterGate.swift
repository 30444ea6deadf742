import Database
import Dispatch
import TestDatabases
import TestSupport

/// Holds a database's writer so that what is handed in meanwhile gathers behind it. PostgreSQL's
/// must be a serial one.
struct WriterGate {
  private let database: any Database
  private let opened = DispatchSemaphore(value: 0)
  private let holder: Task<Void, any Error>

  /// Returns once the writer is held.
  init(holding database: any Database) async throws {
    self.database = database
    let held = Counter()
    holder = Task { [opened] in
      try await database.write { _ in
        held.increment()
        opened.wait()
      }
    }
    try await waitUntil { held.value != 0 }
  }

  func waitUntilGathered(_ count: Int) async throws {
    try await waitUntil { TestDatabase.waitingCount(database) >= count }
  }

  func open() async throws {
    opened.signal()
    try await holder.value
  }

  /// Runs `number` bodies in one task each, all waiting before the first runs, and tells how each
  /// went.
  static func gather(
    _ count: Int, in database: any Database,
    _ body: @escaping @Sendable (Int) async throws -> Void
  ) async throws -> [Int: Outcome] {
    let gate = try await WriterGate(holding: database)
    return try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
      for number in 0..<count {
        group.addTask {
          do {
            try await body(number)
            return (number, .done)
          } catch {
            return (number, .failed("\(error)"))
          }
        }
      }
      try await gate.waitUntilGathered(count)
      try await gate.open()
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }
}

/// How one of several writes went.
enum Outcome: Equatable, Sendable {
  case done
  case failed(String)
}
