import LocalServers
import TestSupport
import Testing

@Suite("A local PostgreSQL server")
struct PostgresServerTests {
  @Test("what was committed outlives a stop and a crash")
  func restarts() async throws {
    let directory = try TemporaryDirectory()
    let server = try await PostgresServer.start(directory: directory.path("server"))
    let uri = try await server.makeDatabase("things")
    #expect(uri == server.uri(database: "things"))
    try await server.run("CREATE TABLE t (x bigint)", database: "things")
    for (number, shutdown) in [PostgresServer.Shutdown.fast, .immediate].enumerated() {
      try await server.run("INSERT INTO t VALUES (\(number))", database: "things")
      try await server.restart(shutdown)
    }
    let count = try await server.run("SELECT count(*) FROM t", database: "things")
    #expect(count == "2\n")
    try await server.dropDatabase("things")
    await #expect(throws: LocalServerError.self) {
      try await server.run("SELECT 1", database: "things")
    }
    await server.stop()
    #expect(!server.isRunning)
  }

  @Test("everyone in a process shares one server")
  func shared() async throws {
    let first = try await PostgresServer.shared
    let second = try await PostgresServer.shared
    #expect(first === second)
    #expect(try await first.run("SHOW listen_addresses") == "127.0.0.1\n")
  }
}
