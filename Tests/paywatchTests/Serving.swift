import Foundation
import TestSupport

/// `paywatch serve` as a process.
final class Serving {
  private let process = Process()
  private let output = Pipe()
  private let ended: AsyncStream<Void>

  /// - Parameter roles: nil for all
  init(_ configuration: String, roles: String? = nil) throws {
    process.executableURL = Program.products.appending(path: "paywatch")
    process.arguments =
      ["serve", "--config", configuration] + (roles.map { ["--roles", $0] } ?? [])
    process.standardError = output
    process.standardOutput = output
    let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
    self.ended = ended
    process.terminationHandler = { _ in continuation.finish() }
    try process.run()
  }

  deinit { if process.isRunning { process.terminate() } }

  /// The port that it says it listens on.
  func port() async throws -> Int {
    let log = await withCheckedContinuation { (continuation: CheckedContinuation<String, Never>) in
      let handle = output.fileHandleForReading
      DispatchQueue.global().async {
        var log = ""
        while !log.contains(#""message":"listening""#) || !log.hasSuffix("\n") {
          let more = handle.availableData
          if more.isEmpty { break }
          log += String(decoding: more, as: UTF8.self)
        }
        continuation.resume(returning: log)
      }
    }
    guard
      let port = log.firstMatch(of: /"message":"listening".*"port":"(\d+)"/).flatMap({
        Int($0.output.1)
      })
    else { throw Program.Failure(text: log) }
    return port
  }

  /// Sends SIGTERM and gives the exit status.
  func end() async -> Int32 {
    process.terminate()
    for await _ in ended {}
    return process.terminationStatus
  }
}
