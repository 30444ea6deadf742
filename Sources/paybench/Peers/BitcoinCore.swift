internal import Foundation

/// Bitcoin Core's own benchmarks, where `bench_bitcoin` is on the PATH.
enum BitcoinCore {
  private static let benchmark = "DeserializeBlockTest"

  /// Of mainnet's block 413567, which that benchmark reads: 1,557 transactions from before segwit.
  private static let blockBytes = 999_887.0
  /// The same among the vectors.
  static let block = "mainnet-413567.raw"

  /// MB/s of the block's bytes to its transactions, whose txids and wtxids come with them.
  static func deserialisation(seconds: Double) -> Contest.Reference {
    let name = "Bitcoin Core's \(benchmark)"
    let goal = Goal.ratioAtLeast(1)
    guard let program = path(of: "bench_bitcoin") else {
      return Contest.Reference(name: name, goal: goal, run: nil)
    }
    return Contest.Reference(name: name, goal: goal) {
      let milliseconds = max(1, Int(seconds * 1_000))
      let text = try output(of: program, ["-filter=\(benchmark)", "-min-time=\(milliseconds)"])
      guard let nanoseconds = nanosecondsPerBlock(in: text) else {
        throw BenchmarkFailure("\(program.path) didn't run \(benchmark)")
      }
      return blockBytes / nanoseconds * 1e3
    }
  }

  /// The first column of the benchmark's row in the table that nanobench prints.
  static func nanosecondsPerBlock(in text: String) -> Double? {
    let row = text.split(separator: "\n").last { $0.contains("`\(benchmark)`") }
    let cell = row?.split(separator: "|").first?.filter { $0.isNumber || $0 == "." }
    return cell.flatMap { Double($0) }.flatMap { $0 > 0 ? $0 : nil }
  }

  private static func path(of program: String) -> URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: program) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  private static func output(of program: URL, _ arguments: [String]) throws -> String {
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}
