internal import ArgumentParser
internal import Foundation

@main
struct Paybench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "paybench",
    abstract: "Measures Paywatch beside libraries and physical limits.",
    discussion: """
      Each figure and its reference do their work in turns in the same process. Figures are \
      medians over the rounds, ratios are medians of the rounds' ratios. Time is that which the \
      processor spent on the measuring thread, so that other programs disturb little; but for \
      payments and the relay it is the time that passes, over all threads and disks: let nothing \
      else run. \
      Build with -c release.
      """,
    subcommands: [WatcherStart.Command.self, EmptyServer.Command.self])

  @Flag(help: "Print a JSON array instead of a table.")
  var json = false

  @Option(help: "Only benchmarks whose name contains this; given more than once: one of these.")
  var filter: [String] = []

  @Flag(help: "Little work in few rounds: to see that it runs, not how fast.")
  var quick = false

  @Option(help: "How many scripts the large watch set has. [default: 10000000; quick: 50000]")
  var count: Int?

  @Option(help: "How many rounds. [default: 9; quick: 3]")
  var rounds: Int?

  @Option(help: "Where the test vectors are.", completion: .directory)
  var vectors = "./vectors"

  @Option(help: "Where the works of other libraries are (peers.py).", completion: .directory)
  var peers = "./deploy/bench"

  @Option(
    help: ArgumentHelp(
      "The Python that has them.",
      discussion: "Unless set that of deploy/bench/setup.sh, or else the PATH's."),
    completion: .file())
  var python: String?

  @Option(
    help: ArgumentHelp(
      "Also write results.md, results.json and ratios.svg into this folder.",
      discussion: "Of all benchmarks in full, unless --partial is given."),
    completion: .directory)
  var write: String?

  @Option(help: "With --write: a file that has a place for the summary.", completion: .file())
  var readme: String?

  @Flag(help: "With --write: although it isn't all, or not in full.")
  var partial = false

  func validate() throws {
    guard write == nil || partial || (filter.isEmpty && !quick && count == nil && rounds == nil)
    else { throw ValidationError("--write keeps all in full; for less add --partial") }
    guard readme == nil || write != nil else { throw ValidationError("--readme needs --write") }
    guard count.map({ (1_000...100_000_000).contains($0) }) ?? true else {
      throw ValidationError("--count is 1000 to 100000000")
    }
    guard rounds.map({ (1...1_000).contains($0) }) ?? true else {
      throw ValidationError("--rounds is 1 to 1000")
    }
  }

  func run() async throws {
    let settings = Settings(
      vectors: URL(filePath: vectors), peers: place,
      scripts: count ?? (quick ? 50_000 : 10_000_000),
      rounds: rounds ?? (quick ? 3 : 9), scale: quick ? 0.005 : 1)
    let materials = Materials(settings)
    let suites: [any Suite.Type] = [
      AddressSuite.self, BlockSuite.self, EthereumSuite.self, CatchUpSuite.self, WatchSetSuite.self,
      GrowthSuite.self, DigestSuite.self, PaymentSuite.self, RelaySuite.self, LatencySuite.self,
      OpenLoadSuite.self,
    ]
    var measurements: [Measurement] = []
    for suite in suites {
      let wanted = suite.names.filter { name in
        filter.isEmpty || filter.contains { name.contains($0) }
      }
      guard !wanted.isEmpty else { continue }
      for contest in try await suite.contests(named: Set(wanted), materials) {
        Progress.note(contest.name)
        measurements += try await contest.measure(rounds: settings.rounds)
      }
      materials.peers.close()
    }
    guard !measurements.isEmpty else { throw ValidationError("no benchmark has such a name") }
    print(json ? try Report.json(measurements) : Report.table(measurements))
    if let write {
      try ResultFiles(
        measurements, on: .this, in: write,
        readme: readme.map { URL(filePath: $0) }
      ).write()
    }
  }

  private var place: Peers.Place {
    let installed = ".build/bench-peers/bin/python3"
    let path = python ?? (FileManager.default.isExecutableFile(atPath: installed) ? installed : nil)
    return Peers.Place(
      script: URL(filePath: peers).appending(path: "peers.py"),
      python: path.map { URL(filePath: $0) })
  }
}
