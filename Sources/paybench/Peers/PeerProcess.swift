internal import Foundation

/// A child that works for as long as it is told, one line of JSON each way.
final class PeerProcess {
  enum Greeting {
    /// The first unit's result.
    case check(String)
    /// What it lacks.
    case absent(String)
  }

  private struct Answer: Decodable {
    var check: String?
    var absent: String?
    var count: Int?
    var seconds: Double?
  }

  private let process = Process()
  private let (input, output) = (Pipe(), Pipe())
  private var read = Data()
  private let name: String

  init(python: URL?, arguments: [String]) {
    name = arguments.dropFirst().first ?? ""
    process.executableURL = python ?? URL(filePath: "/usr/bin/env")
    process.arguments = (python == nil ? ["python3"] : []) + arguments
    process.standardInput = input
    process.standardOutput = output
  }

  /// Returns once it is ready to work, or has said what it lacks.
  func start() throws -> Greeting {
    // For the whole process: writing to a peer that ended early is an error, not the end of us too.
    signal(SIGPIPE, SIG_IGN)
    do {
      try process.run()
    } catch {
      return .absent("there is no \(process.executableURL?.path ?? "")")
    }
    guard let line = line() else {
      process.waitUntilExit()
      // What `env` says of a program that isn't there.
      if process.terminationStatus == 127 { return .absent("there is no python3") }
      throw BenchmarkFailure("\(name) stopped before it worked")
    }
    let answer = try JSONDecoder().decode(Answer.self, from: line)
    if let check = answer.check { return .check(check) }
    close()
    return .absent(answer.absent ?? "something")
  }

  /// Lets it work that long; gives the processor's seconds that a unit took.
  func work(seconds: Double) throws -> Double {
    try input.fileHandleForWriting.write(contentsOf: Array("\(seconds)\n".utf8))
    let answer = try line().map { try JSONDecoder().decode(Answer.self, from: $0) }
    guard let count = answer?.count, let passed = answer?.seconds, count > 0, passed > 0 else {
      throw BenchmarkFailure("\(name) stopped")
    }
    return passed / Double(count)
  }

  /// It ends at an empty line, or where its input does.
  func close() {
    try? input.fileHandleForWriting.write(contentsOf: Array("\n".utf8))
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// The next line, without its end; nil once it has stopped.
  private func line() -> Data? {
    while true {
      if let end = read.firstIndex(of: UInt8(ascii: "\n")) {
        defer { read = read[(end + 1)...] }
        return read[..<end]
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty, read.count < 1 << 20 else { return nil }
      read += more
    }
  }
}
