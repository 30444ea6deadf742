internal import Foundation
internal import HTTPClient
internal import LocalServers
internal import Synchronization

/// A `paywatch serve` with some of the roles, as a process of its own.
final class ServeProcess: Sendable {
  let name: String
  let url: String
  private let roles: String
  private let configuration: String
  private let directory: URL
  private let port: UInt16
  private let process: Mutex<ServerProcess>

  init(_ name: String, roles: String, configuration: String, in directory: URL) throws {
    self.name = name
    self.roles = roles
    self.configuration = configuration
    self.directory = directory
    port = try LocalPorts.one()
    url = "http://127.0.0.1:\(port)"
    process = Mutex(
      try Self.start(name, roles: roles, configuration: configuration, port, in: directory))
  }

  private static func start(
    _ name: String, roles: String, configuration: String, _ port: UInt16, in directory: URL
  ) throws -> ServerProcess {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
    var command = ServerProcess.Command(
      [program, "serve", "--config", configuration, "--roles", roles],
      log: directory.appending(path: "\(name).log").path)
    command.environment = ["PAYWATCH_LISTEN_PORT": String(port)]
    return try ServerProcess(command)
  }

  var pid: Int32 { process.withLock { $0 }.pid }

  /// Until it answers at all; how it is may still change.
  func waitUntilListening(_ client: HTTPClient) async throws {
    let url = url
    try await process.withLock { $0 }.waitUntilReady(within: .seconds(60)) {
      let request = HTTPRequest(
        method: .get, url: url + "/api/health/database", headers: [], body: [],
        timeoutMilliseconds: 2_000, maxResponseBytes: 1 << 16)
      return (try? await client.send(request))?.status == 200
    }
  }

  /// Ends it without a chance to clean up, as a machine that loses its power.
  func kill() async { await process.withLock { $0 }.stop(.kill) }

  func stop() async { await process.withLock { $0 }.stop() }

  /// Starts it again, as whatever looks after processes would.
  func restart() throws {
    let new = try Self.start(name, roles: roles, configuration: configuration, port, in: directory)
    process.withLock { $0 = new }
  }

  func logTail() -> String { process.withLock { $0 }.logTail() }
}
