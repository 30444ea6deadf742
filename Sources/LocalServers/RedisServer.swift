internal import Foundation
internal import Synchronization

/// A Redis server of this machine with its files in a directory of its own, listening on
/// 127.0.0.1 only, keeping nothing on disk, gone with this process.
package final class RedisServer: Sendable {
  package let port: UInt16
  private let directory: String
  private let process: Mutex<ServerProcess>

  private init(port: UInt16, directory: String, process: ServerProcess) {
    self.port = port
    self.directory = directory
    self.process = Mutex(process)
  }

  /// Starts a server; returns once it answers.
  ///
  /// - Parameter settings: lines of its configuration, such as `maxmemory 8mb`
  package static func start(
    directory: String, settings: [String] = []
  ) async throws -> RedisServer {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let port = try LocalPorts.one()
    let lines =
      [
        "port \(port)", "bind 127.0.0.1", "save \"\"", "appendonly no", "daemonize no",
        "databases 16", "maxmemory 256mb", "maxmemory-policy volatile-lru",
      ] + settings
    let isWritten = FileManager.default.createFile(
      atPath: "\(directory)/redis.conf",
      contents: Data((lines.joined(separator: "\n") + "\n").utf8),
      attributes: [.posixPermissions: 0o600])
    guard isWritten else { throw LocalServerError.failed("\(directory) can't be written to") }
    let server = RedisServer(
      port: port, directory: directory, process: try launch(directory))
    try await server.waitUntilReady()
    return server
  }

  package var isRunning: Bool { process.withLock { $0 }.isRunning }

  package func send(_ signal: ServerProcess.Signal) { process.withLock { $0 }.send(signal) }

  /// Ends it; what it held is gone.
  package func stop() async { await process.withLock { $0 }.stop() }

  /// Starts the stopped server again, empty, on the same port.
  package func start() async throws {
    let new = try Self.launch(directory)
    process.withLock { $0 = new }
    try await waitUntilReady()
  }

  /// Runs a command through `redis-cli`, without a password; what it answers.
  @discardableResult
  package func run(_ words: String...) async throws -> String {
    let output = "\(directory)/answer-\(UUID().uuidString)"
    let descriptor = open(output, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw LocalServerError.failed("\(output) can't be written") }
    defer {
      close(descriptor)
      unlink(output)
    }
    let child = try ChildProcess(
      ["redis-cli", "-h", "127.0.0.1", "-p", String(port), "--raw", "-e"] + words,
      streams: ChildProcess.Streams(output: descriptor, errors: descriptor))
    let status = await child.waitForExit(within: .seconds(20))
    let text = String(
      decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
    guard status == 0 else {
      throw LocalServerError.failed("redis-cli failed (\(status ?? -1)): \(text)")
    }
    return text.trimmingCharacters(in: .newlines)
  }

  private static func launch(_ directory: String) throws -> ServerProcess {
    let program = try program()
    return try ServerProcess(
      ServerProcess.Command(
        [program, "\(directory)/redis.conf", "--dir", directory],
        log: "\(directory)/redis.log"))
  }

  private static func program() throws -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let places = path.split(separator: ":").map { "\($0)/redis-server" } + ["/usr/bin/redis-server"]
    guard let program = places.first(where: FileManager.default.isExecutableFile) else {
      throw LocalServerError.missing(program: "redis-server", package: "redis-server")
    }
    return program
  }

  /// A server that wants a password answers too.
  private func waitUntilReady() async throws {
    try await process.withLock { $0 }.waitUntilReady {
      do {
        return try await self.run("PING") == "PONG"
      } catch {
        return "\(error)".contains("NOAUTH")
      }
    }
  }
}
