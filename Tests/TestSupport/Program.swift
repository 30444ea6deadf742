package import Foundation

/// A program of this package as a user runs it: a process with arguments and standard input.
package struct Program {
  package let name: String

  package init(name: String) { self.name = name }

  package static let paywatch = Program(name: "paywatch")
  package static let payctl = Program(name: "payctl")
  package static let paybench = Program(name: "paybench")
  package static let paycount = Program(name: "paycount")

  /// A program that didn't do what was waited for, and what it said.
  package struct Failure: Error {
    package let text: String

    package init(text: String) { self.text = text }
  }

  package struct Outcome: Sendable {
    package let status: Int32
    package let output: String
    package let errors: String

    package var lines: [Substring] { output.split(separator: "\n") }

    /// The whole output, decoded.
    package func object<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try Self.decode(type, output)
    }

    /// Each line of the output, decoded.
    package func objects<Value: Decodable>(_ type: Value.Type) throws -> [Value] {
      try lines.map { try Self.decode(type, $0) }
    }

    private static func decode<Value: Decodable>(
      _ type: Value.Type, _ text: some StringProtocol
    ) throws -> Value {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(type, from: Data(text.utf8))
    }
  }

  package func run(_ arguments: String..., input: String = "") throws -> Outcome {
    try run(arguments, input: input)
  }

  /// Runs it to its end in the package's directory.
  package func run(_ arguments: [String], input: String = "") throws -> Outcome {
    let run = try Run(name, arguments, input: input)
    try run.process.run()
    run.process.waitUntilExit()
    return try run.outcome()
  }

  /// The same without holding a thread, for what takes long or talks to a server of this process.
  package func finish(_ arguments: [String], input: String = "") async throws -> Outcome {
    let run = try Run(name, arguments, input: input)
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<_, any Error>) in
      run.process.terminationHandler = { _ in continuation.resume(returning: ()) }
      do {
        try run.process.run()
      } catch {
        run.process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    return try run.outcome()
  }

  /// A process and its files: output goes through these, which no amount of it can block.
  private struct Run {
    let process = Process()
    private let scratch: TemporaryDirectory
    private let files: [URL]

    init(_ name: String, _ arguments: [String], input: String) throws {
      let scratch = try TemporaryDirectory()
      self.scratch = scratch
      files = try ["input", "output", "errors"].map { name in
        let url = scratch.url.appending(path: name)
        try Data(name == "input" ? input.utf8 : "".utf8).write(to: url)
        return url
      }
      process.executableURL = Program.products.appending(path: name)
      process.arguments = arguments
      process.currentDirectoryURL = PackageFiles.root
      process.standardInput = try FileHandle(forReadingFrom: files[0])
      process.standardOutput = try FileHandle(forWritingTo: files[1])
      process.standardError = try FileHandle(forWritingTo: files[2])
    }

    func outcome() throws -> Outcome {
      Outcome(
        status: process.terminationStatus,
        output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }
  }

  /// Where the build puts programs: beside the tests that run now.
  package static let products = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()
}
