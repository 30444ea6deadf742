import Bytes
import ChainTypes
import Database
import Digests
import EventLog
import TestDatabases

enum EventFixtures {
  static func database(
    on engine: TestEngine = .selected, _ options: TestStore.Options = TestStore.Options()
  ) async throws -> any Database {
    let database = try await TestDatabase(engine, options)
    try await Migrator.migrate(database, EventLog.migrations, component: EventLog.component)
    return database
  }

  /// An event whose cause is the digest of `fact`.
  static func draft(
    _ type: String = "payment.created", _ subject: String, fact: String = "fact",
    tenant: String? = nil, data: String? = nil
  ) -> EventDraft {
    EventDraft(
      type: type, subject: subject, tenant: tenant, cause: SHA256.hash(Array(fact.utf8)),
      time: Timestamp(seconds: 1_800_000_000), data: data ?? #"{"fact":"\#(fact)"}"#)
  }

  /// All positioned events, read in pages of `limit`.
  static func all(
    _ database: any Database, limit: Int = 1_000, filter: EventFilter = EventFilter()
  ) async throws -> [PositionedEvent] {
    var events: [PositionedEvent] = []
    var position: Int64 = 0
    while true {
      let after = position
      let page = try await database.read {
        try EventLog.page(after: after, limit: limit, filter: filter, in: $0)
      }
      events += page.events
      position = page.through
      if !page.hasMore { return events }
    }
  }
}
