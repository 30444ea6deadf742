import LocalServers
import Testing

@Suite("a Redis server of this machine")
struct RedisServerTests {
  @Test("it answers, takes its settings, and starts again empty on the same port")
  func startsAndStops() async throws {
    let directory = try ScratchDirectory()
    let server = try await RedisServer.start(
      directory: directory.path, settings: ["maxmemory 8mb"])
    #expect(try await server.run("SET", "a", "1") == "OK")
    #expect(try await server.run("CONFIG", "GET", "maxmemory") == "maxmemory\n8388608")
    let port = server.port
    await server.stop()
    #expect(!server.isRunning)
    await #expect(throws: LocalServerError.self) { try await server.run("PING") }
    try await server.start()
    #expect(server.isRunning && server.port == port)
    #expect(try await server.run("EXISTS", "a") == "0")
    await server.stop()
  }
}
