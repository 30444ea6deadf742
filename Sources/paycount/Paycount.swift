internal import ArgumentParser
internal import Foundation

@main
struct Paycount: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "paycount",
    abstract: "Counts what hot paths ask of the allocator, and their instructions.",
    discussion: """
      Neither varies with what else runs, nor much by machine: libraries choose some instructions \
      by the processor. Each operation runs once \
      before it is counted. Instructions are counted by valgrind, where it is there. Prints the \
      counts for each unit, in the form of the thresholds.
      """)

  @Option(help: "Where the test vectors are.", completion: .directory)
  var vectors = "./vectors"

  @Option(help: "Fail if a count is beyond this file's.", completion: .file())
  var thresholds: String?

  @Option(help: "Put the counts of this build into this file.", completion: .file())
  var update: String?

  @Flag(help: .hidden)
  var runCounted = false

  func run() throws {
    let vectors = URL(filePath: vectors)
    let operations = try Operations(vectors: vectors).all()
    if runCounted { return try operations.forEach { try $0.runCounted() } }

    let instructions = try Valgrind.instructions(operations, vectors: vectors)
    if instructions == nil { note("no valgrind: instructions aren't counted") }
    var counts: [String: Counts] = [:]
    for (place, operation) in operations.enumerated() {
      counts[operation.name] = try Counts(
        allocations: hundredths(operation.allocations()),
        instructions: instructions.map { $0[place].rounded() })
    }
    print(try Thresholds(builds: [Thresholds.build: counts]).json, terminator: "")
    if let update { try put(counts, into: URL(filePath: update)) }
    guard let thresholds else { return }
    let breaches = try Thresholds(contentsOf: URL(filePath: thresholds))
      .breaches(of: counts, build: Thresholds.build)
    for breach in breaches { note(breach) }
    if !breaches.isEmpty { throw ExitCode.failure }
  }

  private func put(_ counts: [String: Counts], into file: URL) throws {
    var all = try Thresholds(contentsOf: file)
    all.builds[Thresholds.build] = counts
    try Data(try all.json.utf8).write(to: file, options: .atomic)
  }

  private func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private func note(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Array("paycount: \(text)\n".utf8))
  }
}
