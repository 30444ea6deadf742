internal import ArgumentParser
internal import Foundation
internal import Hummingbird
internal import Logging
internal import NIOCore

/// Hummingbird alone, which answers every request for a payment with 201 and nothing: what the
/// server, the sockets and the load itself take.
enum EmptyServer {
  /// In this process.
  static func start() async throws -> ServerTask {
    let router = Router()
    router.post("/v1/payments") { _, _ in Response(status: .created) }
    let responder = router.buildResponder()
    return try await ServerTask.start { onListening in
      let application = Application(
        responder: responder,
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { onListening($0.localAddress?.port ?? 0) },
        logger: Logger(label: "empty") { _ in SwiftLogNoOpLogHandler() })
      try await application.run()
    }
  }

  /// Requests that it answers, due as in an open loop.
  static func schedule(rate: Double, seconds: Double, seed: UInt64) -> LoadSchedule {
    var requests = ByteRun()
    requests.append(
      "POST /v1/payments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".utf8)
    return LoadSchedule(
      [.init(name: "POST /v1/payments", share: 1, status: 201, requests: requests)],
      rate: rate, seconds: seconds, seed: seed)
  }

  /// It in a process of its own.
  final class Process {
    let port: Int
    private let process: Foundation.Process
    /// Closed when the server is to end.
    private let lifeline: FileHandle

    private init(port: Int, _ process: Foundation.Process, _ lifeline: FileHandle) {
      self.port = port
      self.process = process
      self.lifeline = lifeline
    }

    static func start() async throws -> Process {
      let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      let (process, input, output) = (Foundation.Process(), Pipe(), Pipe())
      process.executableURL = URL(filePath: program)
      process.arguments = [Command.configuration.commandName ?? ""]
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      var line = ""
      while !line.hasSuffix("\n") {
        let more = output.fileHandleForReading.availableData
        guard !more.isEmpty else { throw BenchmarkFailure("the empty server ended: \(line)") }
        line += String(decoding: more, as: UTF8.self)
      }
      guard let port = Int(line.dropLast()) else { throw BenchmarkFailure("no port: \(line)") }
      return Process(port: port, process, input.fileHandleForWriting)
    }

    func stop() async {
      try? lifeline.close()
      process.waitUntilExit()
    }
  }

  /// What that process does.
  struct Command: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "answer-nothing", abstract: "Answers with nothing, for a benchmark.",
      shouldDisplay: false)

    func run() async throws {
      let server = try await EmptyServer.start()
      FileHandle.standardOutput.write(Data("\(server.port)\n".utf8))
      // Until whoever started it is done; a thread of its own may wait for that.
      await withCheckedContinuation { continuation in
        Thread {
          _ = try? FileHandle.standardInput.readToEnd()
          continuation.resume()
        }.start()
      }
      await server.stop()
    }
  }
}
