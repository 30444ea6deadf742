import Database
import Deployment
import Foundation
import Synchronization
import TestSupport
import Testing

/// PostgreSQL alone changes tables beside others who write; SQLite has one process.
@Suite("Migrations beside traffic")
struct OnlineMigrationTests {
  @Test("who writes goes on while large tables are changed, and nothing of it is lost")
  func traffic() async throws {
    let old = try await OldDatabase(rows: OldDatabase.large)
    let traffic = Traffic(old)
    var hooks = CommitHooks()
    // Each of the migration's transactions is followed by one of every writer.
    hooks.afterCommit = { try traffic.waitForEveryWriter() }
    let migrating = old.open(hooks)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in Traffic.Writer.allCases { group.addTask { try await traffic.run(writer) } }
      group.addTask {
        defer { traffic.end() }
        try traffic.waitForEveryWriter()
        try await Schema.migrate(migrating)
        try traffic.waitForEveryWriter()
      }
      try await group.waitForAll()
    }
    try await migrating.close()
    let done = traffic.done
    #expect(Traffic.Writer.allCases.allSatisfy { done[$0, default: 0] > 20 }, "\(done)")
    #expect(traffic.failures <= 1, "one that appends the old way may meet the new log")
    // A row's `xmin` is the transaction that wrote it: nobody waited for more than these rows.
    for table in ["events", "transfers", "event_subjects"] {
      let most = try await old.number(
        "SELECT MAX(n) AS n FROM (SELECT COUNT(*) AS n FROM \(table) GROUP BY xmin) AS written")
      #expect(most <= OnlineChange.batch, "\(table)")
    }
    try await old.expectEverything(after: done)
    try await old.end()
  }

  @Test("a migration that dies between two parts is gone on with, past what was written meanwhile")
  func resumed() async throws {
    struct Crash: Error {}
    let old = try await OldDatabase(rows: OldDatabase.large)
    let traffic = Traffic(old)
    // Each attempt dies at its next commit but those that the one before had.
    let left = Mutex(1)
    var hooks = CommitHooks()
    hooks.afterCommit = {
      let isLast = left.withLock { left in
        left -= 1
        return left == 0
      }
      if isLast { throw Crash() }
    }
    // An index whose building broke off.
    await #expect(throws: DatabaseError.self) {
      try await old.database.withoutTransaction {
        try $0.execute(
          "CREATE UNIQUE INDEX CONCURRENTLY transfers_dropped ON transfers (family)")
      }
    }
    let migrating = old.open(hooks)
    var crashes = 0
    while true {
      do {
        try await Schema.migrate(migrating)
        break
      } catch is Crash {
        crashes += 1
        left.withLock { $0 = crashes + 1 }
        for writer in Traffic.Writer.allCases { try await traffic.write(writer) }
      }
      try #require(crashes < 1_000)
    }
    #expect(crashes > 30)
    try await migrating.close()
    try await old.expectEverything(after: traffic.done)
    #expect(
      try await old.database.read { try OnlineIndex("transfers_dropped", on: "").isValid(in: $0) }
        == true)
    try await old.end()
  }

  @Test("an index waits for a transaction that is under way, and nobody waits for the index")
  func indexes() async throws {
    let old = try await OldDatabase(rows: OldDatabase.large)
    let release = DispatchSemaphore(value: 0)
    let holding = Task {
      try await old.database.write { connection in
        try connection.execute(
          "UPDATE transfers SET detail = 'held' WHERE ordinal = \(OldDatabase.large / 2)")
        release.wait()
      }
    }
    let migrating = old.open()
    let migration = Task { try await Schema.migrate(migrating) }
    let traffic = Traffic(old)
    let outcome = await Task {
      try await waitUntil {
        try await old.number(
          """
          SELECT COUNT(*) AS n FROM pg_locks JOIN pg_stat_activity USING (pid)
          WHERE relation = CAST('transfers' AS REGCLASS) AND mode = 'ShareUpdateExclusiveLock'
            AND granted AND wait_event_type = 'Lock'
          """) > 0
      }
      // Whoever stood behind it would wait until that transaction ends.
      for _ in 0..<20 {
        for writer in Traffic.Writer.allCases {
          try await traffic.write(writer, lockTimeout: "100ms")
        }
      }
    }.result
    release.signal()
    try outcome.get()
    try await holding.value
    try await migration.value
    try await migrating.close()
    try await old.expectEverything(after: traffic.done)
    try await old.end()
  }

  @Test("large tables end in the schema that empty ones get at once")
  func sameSchema() async throws {
    var schemas: [[String]] = []
    for rows in [OldDatabase.large, 0] {
      let old = try await OldDatabase(rows: rows)
      try await old.makeRefunds(rows: rows)
      try await Schema.migrate(old.database)
      schemas.append(try await old.schema())
      // Each partition has one index of the log's, and a large one had it before the log.
      let partitions = try await old.number(
        """
        SELECT COUNT(*) AS n FROM pg_class
        WHERE relname LIKE 'events_through_%' AND relkind = 'r'
        """)
      let earlier = try await old.number(
        """
        SELECT COUNT(*) AS n FROM pg_inherits
        WHERE inhparent = CAST('events_by_tenant' AS REGCLASS) AND inhrelid < inhparent
        """)
      let all = try await old.number(
        """
        SELECT COUNT(*) AS n FROM pg_class
        WHERE relname LIKE 'events_through_%_tenant_position_type_idx%' AND relkind = 'i'
        """)
      #expect(all == partitions)
      #expect(earlier == (rows > 0 ? partitions : 0))
      try await old.end()
    }
    #expect(schemas[0].count > 300)
    #expect(Set(schemas[0]).symmetricDifference(schemas[1]).sorted() == [])
  }
}
