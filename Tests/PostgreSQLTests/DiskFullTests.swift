import Database
import LocalServers
import PostgreSQL
import TestSupport
import Testing

@Suite("PostgreSQL on a full disk")
struct DiskFullTests {
  @Test(
    "a write that finds no room fails alone, and writing goes on once there is some",
    .enabled(if: SmallDisk.canBeMade, "a small disk can only be mounted by root"))
  func diskFull() async throws {
    let directory = try TemporaryDirectory()
    let server = try await PostgresServer.start(directory: directory.path("server"))
    let disk = SmallDisk(directory.path("disk"), megabytes: 8)
    #expect(SmallDisk.run("chown", "postgres", disk.path))
    let uri = try await server.makeDatabase("full")
    try await server.run("CREATE TABLESPACE small LOCATION '\(disk.path)'")
    let database = PostgresDatabase(options: PostgresOptions(connection: uri))
    try await database.write { connection in
      try connection.submit("CREATE TABLE small (n BIGINT, filling BYTEA) TABLESPACE small", [])
      try connection.submit("CREATE TABLE roomy (n BIGINT)", [])
      // Kept as they are, so that they take the room that they seem to.
      try connection.submit("ALTER TABLE small ALTER COLUMN filling SET STORAGE EXTERNAL", [])
    }
    let filling = SQLValue.blob([UInt8](repeating: 7, count: 1 << 20))
    let (full, held) = try await withThrowingTaskGroup(of: (isSmall: Bool, isFull: Bool).self) {
      group in
      for number in Int64(0)..<40 {
        group.addTask {
          do {
            try await database.groupedWrite { connection in
              try connection.submit("INSERT INTO roomy VALUES ($1)", [.integer(number)])
              if number % 2 == 0 {
                try connection.submit(
                  "INSERT INTO small VALUES ($1, $2)", [.integer(number), filling])
              }
            }
            return (number % 2 == 0, false)
          } catch DatabaseError.storage {
            return (number % 2 == 0, true)
          }
        }
      }
      return try await group.reduce(into: (full: 0, held: 0)) { count, outcome in
        #expect(outcome.isSmall || !outcome.isFull, "who needs no room on the full disk has some")
        if outcome.isFull { count.full += 1 } else { count.held += 1 }
      }
    }
    #expect(full >= 8)
    let rows = try await database.read {
      try $0.queryFirst(
        "SELECT (SELECT COUNT(*) FROM roomy) AS roomy, (SELECT COUNT(*) FROM small) AS small")
    }
    #expect(try rows?.integer("roomy") == Int64(held))
    #expect(try rows?.integer("small") == Int64(held - 20))
    try await database.write { try $0.execute("DROP TABLE small") }
    try await database.write { connection in
      try connection.submit("CREATE TABLE small (n BIGINT, filling BYTEA) TABLESPACE small", [])
      try connection.submit("INSERT INTO small VALUES (0, $1)", [filling], changing: 1)
    }
    try await database.close()
    await server.stop()
  }
}
