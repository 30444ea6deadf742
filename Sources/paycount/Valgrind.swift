internal import Foundation

/// Counts instructions by running this program again under `valgrind`, which simulates a processor:
/// the same everywhere, and whatever else the machine does.
enum Valgrind {
  /// Nil where there is no `valgrind` or no `strip` on the PATH.
  static func instructions(_ operations: [Operation], vectors: URL) throws -> [Double]? {
    guard let valgrind = path(of: "valgrind"), let strip = path(of: "strip") else { return nil }
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    // Without what is there for debuggers, whose form valgrind may be too old for.
    let program = folder.appending(path: "program").path
    let this = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path
    try run(strip, ["--strip-debug", "-o", program, this])
    try run(
      valgrind,
      [
        "--tool=callgrind", "--quiet", "--collect-atstart=no", "--toggle-collect=ccounting_run",
        "--dump-after=ccounting_run", "--callgrind-out-file=\(folder.path)/out",
        program, "--run-counted", "--vectors", vectors.path,
      ])
    return try operations.enumerated().map { place, operation in
      let file = folder.appending(path: "out.\(place + 1)")
      guard let text = try? String(contentsOf: file, encoding: .utf8),
        let total = total(in: text), total > 0
      else { throw CountingFailure("valgrind counted nothing for \(operation.name)") }
      return Double(total) / Double(operation.units)
    }
  }

  /// What one of callgrind's files sums up to.
  static func total(in text: String) -> Int? {
    let line = text.split(separator: "\n").last { $0.hasPrefix("totals: ") }
    return line.flatMap { Int($0.dropFirst("totals: ".count)) }
  }

  private static func run(_ program: URL, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    // Hashes are keyed at random otherwise, and collide now so, now so.
    process.environment = ProcessInfo.processInfo.environment
      .merging(["SWIFT_DETERMINISTIC_HASHING": "1"]) { $1 }
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CountingFailure("\(program.path) failed with status \(process.terminationStatus)")
    }
  }

  private static func path(of program: String) -> URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: program) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
