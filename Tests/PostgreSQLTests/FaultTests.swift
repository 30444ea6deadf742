import Database
import Foundation
import LocalServers
import PostgreSQL
import TestDatabases
import TestSupport
import Testing

@Suite("PostgreSQL under faults")
struct FaultTests {
  private static func pid(_ connection: any SQLConnection) throws -> Int64 {
    try connection.queryFirst("SELECT pg_backend_pid() AS pid")?.integer("pid") ?? 0
  }

  private static func cut(_ pid: Int64, from database: any Database) async throws {
    try await database.read {
      _ = try $0.query("SELECT pg_terminate_backend($1::int4)", [.integer(pid)])
    }
  }

  private func counters(_ database: any Database) async throws {
    try await database.write { connection in
      try connection.submit("CREATE TABLE c (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)", [])
      try connection.submit("INSERT INTO c VALUES (1, 0), (2, 0)", [])
    }
  }

  @Test("bodies that deadlock run again and all hold", arguments: [true, false])
  func deadlock(grouped: Bool) async throws {
    let store = try await TestStore(.postgreSQL)
    var options = PostgresOptions(connection: store.location)
    options.poolSize = 4
    options.groupWriters = 3
    options.groupLimit = 3
    let database = PostgresDatabase(options: options)
    try await counters(database)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<24 {
        let ids: [SQLValue] = number % 2 == 0 ? [1, 2] : [2, 1]
        let body: @Sendable (any SQLConnection) throws -> Void = { connection in
          for id in ids {
            _ = try connection.query("SELECT n FROM c WHERE id = $1 FOR UPDATE", [id])
          }
          for id in ids {
            try connection.submit("UPDATE c SET n = n + 1 WHERE id = $1", [id], changing: 1)
          }
        }
        group.addTask {
          if grouped {
            try await database.groupedWrite(body)
          } else {
            try await database.write(body)
          }
        }
      }
      try await group.waitForAll()
    }
    let counts = try await database.read { connection in
      try connection.query("SELECT n FROM c ORDER BY id").map { try $0.integer("n") }
    }
    #expect(counts == [24, 24])
    try await database.close()
  }

  @Test("a read sees one state although others commit meanwhile")
  func unchangingView() async throws {
    let database = try await TestDatabase(.postgreSQL)
    try await counters(database)
    let started = DispatchSemaphore(value: 0)
    let changed = DispatchSemaphore(value: 0)
    async let seen = database.read { connection in
      let first = try connection.queryFirst("SELECT n FROM c WHERE id = 1")?.integer("n")
      started.signal()
      changed.wait()
      return [first, try connection.queryFirst("SELECT n FROM c WHERE id = 1")?.integer("n")]
    }
    try await database.write { connection in
      started.wait()
      try connection.execute("UPDATE c SET n = 7")
    }
    changed.signal()
    #expect(try await seen == [0, 0])
  }

  @Test("a serialization failure runs the whole transaction again")
  func serializationFailure() async throws {
    let store = try await TestStore(.postgreSQL)
    let database = try store.open()
    try await counters(database)
    let runs = Count()
    try await database.write { connection in
      // What a server of another isolation level would raise by itself, twice.
      if runs.increment() < 3 {
        try connection.submit(
          "DO $body$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $body$", [])
      }
      try connection.submit("UPDATE c SET n = n + 1 WHERE id = 1", [], changing: 1)
    }
    #expect(runs.value == 3)
    let count = try await database.read {
      try $0.queryFirst("SELECT n FROM c WHERE id = 1")?.integer("n")
    }
    #expect(count == 1)
    try await database.close()
  }

  @Test(
    "a connection that is cut before the commit costs nobody anything", arguments: [true, false])
  func cutBeforeCommit(grouped: Bool) async throws {
    let database = try await TestDatabase(.postgreSQL)
    try await counters(database)
    let victims = Shared<[Int64]>([])
    let mayGoOn = DispatchSemaphore(value: 0)
    let body: @Sendable (any SQLConnection) throws -> Void = { connection in
      try connection.execute("UPDATE c SET n = n + 1 WHERE id = 1")
      let pid = try Self.pid(connection)
      let isFirst = victims.withLock { victims in
        victims.append(pid)
        return victims.count == 1
      }
      if isFirst { mayGoOn.wait() }
      try connection.submit("UPDATE c SET n = n + 1 WHERE id = 2", [], changing: 1)
    }
    let writing = Task {
      if grouped { try await database.groupedWrite(body) } else { try await database.write(body) }
    }
    try await waitUntil { !(victims.withLock({ $0.isEmpty })) }
    try await Self.cut(victims.withLock { $0[0] }, from: database)
    mayGoOn.signal()
    try await writing.value
    #expect(victims.withLock { $0.count } == 2)
    let counts = try await database.read { connection in
      try connection.query("SELECT n FROM c ORDER BY id").map { try $0.integer("n") }
    }
    #expect(counts == [1, 1])
  }

  @Test(
    "a connection that breaks during the commit leaves the outcome unknown and runs nothing again")
  func cutInCommit() async throws {
    let store = try await TestStore(.postgreSQL)
    let database = try store.open()
    try await counters(database)
    try await database.write { connection in
      // Runs inside COMMIT and ends its own session there.
      try connection.submit(
        """
        CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS
          $body$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $body$
        """, [])
      try connection.submit(
        """
        CREATE CONSTRAINT TRIGGER hang_up AFTER UPDATE ON c DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.n < 0) EXECUTE FUNCTION hang_up()
        """, [])
    }
    let runs = Count()
    await #expect {
      try await database.write { connection in
        runs.increment()
        try connection.execute("UPDATE c SET n = -1")
      }
    } throws: { error in
      if case DatabaseError.connectionLost(_, commitIsUnknown: true) = error { true } else { false }
    }
    #expect(runs.value == 1)
    let counts = try await database.read { connection in
      try connection.query("SELECT n FROM c ORDER BY id").map { try $0.integer("n") }
    }
    #expect(counts == [0, 0])
    try await database.close()
  }

  @Test("a statement that takes too long is stopped, and a row that stays held isn't waited for")
  func timeouts() async throws {
    let store = try await TestStore(.postgreSQL)
    var options = PostgresOptions(connection: store.location)
    options.statementTimeoutMilliseconds = 100
    options.lockTimeoutMilliseconds = 50
    let database = PostgresDatabase(options: options)
    try await counters(database)
    func isBusy(_ error: any Error) -> Bool {
      if case DatabaseError.busy = error { true } else { false }
    }
    let runs = Count()
    for isGrouped in [true, false] {
      let body: @Sendable (any SQLConnection) throws -> Void = { connection in
        runs.increment()
        _ = try connection.query("SELECT pg_sleep(60)")
      }
      await #expect {
        if isGrouped {
          try await database.groupedWrite(body)
        } else {
          try await database.read(body)
        }
      } throws: { error in
        if case DatabaseError.timedOut = error { true } else { false }
      }
    }
    #expect(runs.value == 2, "it would take too long again")
    let release = DispatchSemaphore(value: 0)
    let isHeld = Flag()
    async let holding: Void = database.write { connection in
      try connection.execute("UPDATE c SET n = 5 WHERE id = 1")
      isHeld.raise()
      release.wait()
    }
    try await waitUntil { isHeld.isRaised }
    await #expect {
      try await database.write { try $0.execute("UPDATE c SET n = 6 WHERE id = 1") }
    } throws: { isBusy($0) }
    release.signal()
    try await holding
    try await database.close()
  }

  @Test("what a server acknowledged before it crashed is there, whole, and nothing is there twice")
  func crash() async throws {
    let directory = try TemporaryDirectory()
    var serverOptions = PostgresServer.Options()
    serverOptions.syncsToDisk = true
    let server = try await PostgresServer.start(
      directory: directory.path("server"), options: serverOptions)
    var options = PostgresOptions(connection: try await server.makeDatabase("crash"))
    options.connectPatienceMilliseconds = 60_000
    let database = PostgresDatabase(options: options)
    try await database.write {
      try $0.execute("CREATE TABLE halves (n BIGINT, half BIGINT, PRIMARY KEY (n, half))")
    }
    let outcomes = Shared<(done: Set<Int64>, unknown: Set<Int64>)>(([], []))
    let isOver = Flag()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in Int64(0)..<12 {
        group.addTask {
          for round in Int64(0)... where !isOver.isRaised {
            let number = round * 12 + writer
            do {
              try await database.groupedWrite { connection in
                for half in Int64(0)..<2 {
                  try connection.submit(
                    "INSERT INTO halves VALUES ($1, $2)", [.integer(number), .integer(half)])
                }
              }
              outcomes.withLock { _ = $0.done.insert(number) }
            } catch DatabaseError.connectionLost(_, commitIsUnknown: true) {
              outcomes.withLock { _ = $0.unknown.insert(number) }
            }
            if isOver.isRaised { return }
          }
        }
      }
      group.addTask {
        // The writers end with it, also where it fails.
        defer { isOver.raise() }
        for crash in 1...3 {
          try await waitUntil { outcomes.withLock { $0.done.count } >= crash * 120 }
          try await server.restart(.immediate)
        }
        let before = outcomes.withLock { $0.done.count }
        try await waitUntil { outcomes.withLock { $0.done.count } >= before + 60 }
      }
      try await group.waitForAll()
    }
    let found = try await database.read { connection in
      try connection.query("SELECT n, COUNT(*) AS halves FROM halves GROUP BY n").map {
        (try $0.integer("n"), try $0.integer("halves"))
      }
    }
    let (done, unknown) = outcomes.withLock { $0 }
    #expect(found.allSatisfy { $0.1 == 2 }, "a write must hold as a whole")
    let numbers = Set(found.map(\.0))
    #expect(done.isSubset(of: numbers), "what was acknowledged is there")
    #expect(numbers.subtracting(done).isSubset(of: unknown), "what is there was not called undone")
    try await database.close()
    await server.stop()
  }

  @Test("a server that is away for a moment is waited for, one that stays away is an error")
  func away() async throws {
    let directory = try TemporaryDirectory()
    let server = try await PostgresServer.start(directory: directory.path("server"))
    var options = PostgresOptions(connection: try await server.makeDatabase("away"))
    options.connectPatienceMilliseconds = 30_000
    let patient = PostgresDatabase(options: options)
    options.connectPatienceMilliseconds = 100
    let impatient = PostgresDatabase(options: options)
    try await patient.check()
    await server.stop()
    await #expect {
      try await impatient.check()
    } throws: { error in
      if case DatabaseError.connectionLost(_, commitIsUnknown: false) = error {
        true
      } else {
        false
      }
    }
    async let answer: Void = patient.check()
    try await server.start()
    try await answer
    try await patient.close()
    try await impatient.close()
    await server.stop()
  }
}
