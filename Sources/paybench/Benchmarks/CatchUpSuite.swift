internal import Addresses
internal import Bytes
internal import ChainSim

/// Blocks of an EVM chain from a node over HTTP to committed steps: fetched, proved, matched and
/// written, on two processors with the node itself, which is the simulated one.
enum CatchUpSuite: Suite {
  private static let few = "EVM catch-up over HTTP into SQLite, 1,000 watched"
  private static let many =
    "EVM catch-up over HTTP into SQLite, as many watched as there are scripts"

  private static let discovery = "EVM discovery by logs over HTTP"

  static let names = [few, many, discovery]

  private static let transactionsPerBlock = 200

  static func contests(named names: Set<String>, _ materials: Materials) async throws -> [Contest] {
    let settings = materials.settings
    var contests: [Contest] = []
    for (name, watched) in [(few, 1_000), (many, settings.scripts)] where names.contains(name) {
      contests.append(
        try await contest(name, watched: watched, blocks: settings.repetitions(800)))
    }
    if names.contains(discovery) { contests.append(try await discovered(settings)) }
    return contests
  }

  /// Which of many blocks pay watched addresses, by what a node answers to `eth_getLogs`; nothing
  /// is proved yet.
  private static func discovered(_ settings: Settings) async throws -> Contest {
    let pipeline = try await DiscoveryPipeline.start(settings)
    let blocks = settings.repetitions(12_000)
    return Contest(
      name: discovery,
      ours: {
        [Double(blocks) / (try await WallClock.seconds { try await pipeline.discover(blocks) })]
      },
      others: [
        { [Double(blocks) / (try await WallClock.seconds { try await pipeline.fetch(blocks) })] }
      ],
      comparisons: [
        .init(
          name: discovery, unit: "blocks/s",
          reference:
            "the same answers fetched and thrown away, \(pipeline.logsPerBlock) logs a block",
          goal: .atLeast(5_000, "blocks/s"))
      ],
      finish: { try await pipeline.close() })
  }

  private static func contest(
    _ name: String, watched: Int, blocks: Int
  ) async throws -> Contest {
    let pipeline = try await CatchUpPipeline.start(watched: watched)
    return Contest(
      name: name,
      how: """
        A node in this process, on the same two cores, sends answers that it has ready; both \
        roots are built anew, and steps of up to 64 blocks are committed while the next ones are \
        fetched.
        """,
      ours: {
        try await pipeline.mine(blocks, transactions: transactionsPerBlock)
        return [Double(blocks) / (try await WallClock.seconds { try await pipeline.catchUp() })]
      },
      others: [
        { [Double(blocks) / (try await WallClock.seconds { try await pipeline.fetch(blocks) })] }
      ],
      comparisons: [
        .init(
          name: name, unit: "blocks/s",
          reference:
            "the same answers fetched and thrown away, \(transactionsPerBlock) transactions each",
          goal: .atLeast(500, "blocks/s"))
      ],
      finish: { try await pipeline.close() })
  }
}
