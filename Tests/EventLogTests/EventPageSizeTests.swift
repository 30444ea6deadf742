import Database
import EventLog
import Testing

@Suite("Pages of large events")
struct EventPageSizeTests {
  /// Twenty events of nearly a mebibyte between small ones, of two subjects.
  private static func database() async throws -> any Database {
    let database = try await EventFixtures.database()
    let large = #"{"text":"\#(String(repeating: "é", count: 500_000))"}"#
    for number in 0..<20 {
      try await database.write { connection in
        _ = try EventLog.append(
          [
            EventFixtures.draft("x.large", "s\(number % 2)", tenant: "shop", data: large),
            EventFixtures.draft("payment.small", "t", fact: "\(number)", tenant: "shop"),
          ], in: connection)
      }
    }
    try await Sequencer(database: database).step()
    return database
  }

  /// Pages until the end, and of each how many bytes it has.
  private static func pages(
    _ database: any Database,
    _ read: @escaping @Sendable (Int64, any SQLConnection) throws -> EventPage
  ) async throws -> (positions: [Int64], bytes: [Int]) {
    var (positions, bytes, after) = ([Int64](), [Int](), Int64(0))
    while true {
      let position = after
      let page = try await database.read { try read(position, $0) }
      positions += page.events.map(\.position)
      bytes.append(page.events.reduce(0) { $0 + $1.event.data.utf8.count })
      guard page.hasMore else { return (positions, bytes) }
      #expect(page.through > after && page.through == page.events.last?.position)
      after = page.through
    }
  }

  @Test("end after some mebibytes, and the next goes on there")
  func bytes() async throws {
    let database = try await Self.database()
    let all = try await Self.pages(database) {
      try EventLog.page(after: $0, limit: 1_000, in: $1)
    }
    #expect(all.positions == Array(1...40))
    #expect(all.bytes.count == 2 && all.bytes.allSatisfy { $0 <= EventLog.maximumPageBytes })
    let filtered = try await Self.pages(database) {
      try EventLog.page(
        after: $0, limit: 1_000, filter: EventFilter(tenant: "shop", types: ["x.large"]), in: $1)
    }
    #expect(filtered.positions == Array(stride(from: 1, to: 40, by: 2)))
    #expect(filtered.bytes.count == 2)
    let subjects = try await Self.pages(database) {
      try EventLog.page(of: ["s0", "s1"], tenant: "shop", after: $0, limit: 1_000, in: $1)
    }
    #expect(subjects.positions == filtered.positions && subjects.bytes.count == 2)
    let small = try await Self.pages(database) {
      try EventLog.page(after: $0, limit: 1_000, filter: EventFilter(subject: "t"), in: $1)
    }
    #expect(small.positions.count == 20 && small.bytes.count == 1)
  }
}
