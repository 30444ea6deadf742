internal import ArgumentParser
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Settlement
internal import Watching

struct CoverageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coverage", abstract: "Shows which blocks were scanned.",
    discussion: """
      Ranges are linked by their blocks' hashes. A hole, a broken link or an end that isn't the \
      cursor's tip means that payments may have been missed: the exit code is 1.
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "Only this chain.")
  var chain: String?

  private struct Coverage: Encodable, Sendable {
    let chain: String
    let tip: String
    let ranges: [Range]
    let holes: [String]
  }

  private struct Range: Encodable, Sendable {
    let fromHeight: UInt32
    let throughHeight: UInt32
    let throughHash: String
    let addressesThrough: UInt64?
  }

  func run() async throws {
    let chain = chain
    let all = try await database.run { database in
      try await database.read { connection in
        try ChainNames.all(in: connection).filter { chain == nil || $0.text == chain }
          .compactMap { try Self.coverage(of: $0, in: connection) }
      }
    }
    guard chain == nil || !all.isEmpty else {
      throw CommandFailure("the database knows no chain \(chain ?? "")")
    }
    if database.format == .json {
      try Answers.writeLines(all)
    } else {
      for coverage in all { try Self.print(coverage) }
    }
    if all.contains(where: { !$0.holes.isEmpty }) { throw ExitCode.failure }
  }

  private static func print(_ coverage: Coverage) throws {
    var output = StandardOutput()
    try output.writeLine("\(coverage.chain), tip \(coverage.tip)")
    if coverage.ranges.isEmpty { try output.writeLine("  nothing scanned yet") }
    try output.flush()
    var table = Table("  from", "through", "last block", "addresses through")
    for range in coverage.ranges {
      table.append(
        "  \(range.fromHeight)", "\(range.throughHeight)", range.throughHash,
        range.addressesThrough.map(String.init) ?? "unknown")
    }
    if !coverage.ranges.isEmpty { try table.write() }
    for hole in coverage.holes { try output.writeLine("  HOLE: \(hole)") }
    try output.flush()
  }

  private static func coverage(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> Coverage? {
    guard let cursor = try ChainRecords.cursor(of: chain, in: connection) else { return nil }
    let form = try ChainRecords.hashForm(of: chain, in: connection)
    let ranges = try ChainRecords.coverage(of: chain, in: connection)
    let holes = try ChainRecords.coverageHoles(of: chain, in: connection) ?? []
    return Coverage(
      chain: chain.text, tip: description(of: cursor.tip, form),
      ranges: ranges.map {
        Range(
          fromHeight: $0.fromHeight, throughHeight: $0.throughHeight,
          throughHash: $0.throughHash.text(form), addressesThrough: $0.addressesThrough)
      },
      holes: holes.map { sentence($0, form) })
  }

  private static func description(of block: BlockRef, _ form: HashForm) -> String {
    "\(block.height) \(block.hash.text(form))"
  }

  private static func sentence(_ hole: CoverageHole, _ form: HashForm) -> String {
    switch hole {
    case .missing(let from, let through): "blocks \(from) to \(through) were not scanned"
    case .brokenLink(let height, let parent, let covered):
      "block \(height) follows \(parent.text(form)), but \(covered.text(form)) was scanned"
    case .overlapping(let from, let through): "blocks \(from) to \(through) are listed twice"
    case .inverted(let from, let through): "a range from \(from) ends before, at \(through)"
    case .otherTip(let last, let expected):
      "the last scanned block is \(description(of: last, form)), not \(description(of: expected, form))"
    }
  }
}
