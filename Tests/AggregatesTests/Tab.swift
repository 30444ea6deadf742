import Aggregates
import ChainTypes
import Database
import EventLog
import TestDatabases

/// The least of an aggregate: what somebody owes.
struct Tab: Recorded {
  enum Fact: Codable, Equatable, Sendable {
    case opened(id: String)
    case added(Int64)
  }

  struct Overdrawn: Error, Equatable {}

  let id: String
  private(set) var owed: Int64 = 0
  private(set) var version: Int64 = 1

  var tenant: String { "roastery" }

  init(founding fact: Fact, at time: Timestamp) throws {
    guard case .opened(let id) = fact else { throw Overdrawn() }
    self.id = id
  }

  mutating func apply(_ fact: Fact, at time: Timestamp) throws -> [String] {
    guard case .added(let amount) = fact, owed + amount <= 100 else { throw Overdrawn() }
    guard amount != 0 else { return [] }
    owed += amount
    version += 1
    return amount > 50 ? ["updated", "high"] : ["updated"]
  }

  static let names = RecordNames(
    table: "tabs", id: "tab_id", facts: "tab_facts", prefix: "tab", event: "tab")

  var fixedColumns: [(name: String, value: SQLValue)] { [] }

  var columns: [(name: String, value: SQLValue)] { [("owed", .integer(owed))] }

  func document(telling step: RecordStep<Tab>?) -> String {
    var object = CanonicalObject()
    object.add("id", id)
    object.add("owed", owed)
    if let before = step?.before { object.add("was", before.owed) }
    return object.text
  }

  /// A database with their tables.
  static func database() async throws -> any Database {
    let database = try await TestDatabase()
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    let migration = Migration(number: 1, name: "tabs") { dialect in
      RecordStore<Tab>().tables(
        dialect, columns: "owed \(dialect.integer) NOT NULL,", indexed: ["owed"])
    }
    try await Migrator.migrate(database, [migration], component: "tabs")
    return database
  }
}
