/// How long it takes from a node's having something to a consumer's having read the event of it.
enum LatencySuite: Suite {
  private static let bitcoin = "Bitcoin to its events in Kafka"
  private static let ethereum = "EVM block to its event in Kafka"

  static let names = [bitcoin, ethereum]

  /// As the configuration has it unless told.
  private static let pollMilliseconds = 500

  static func contests(named names: Set<String>, _ materials: Materials) async throws -> [Contest] {
    var contests: [Contest] = []
    if names.contains(bitcoin) {
      contests.append(try await bitcoinContest(materials.settings.repetitions(20)))
    }
    if names.contains(ethereum) {
      contests.append(try await ethereumContest(materials.settings.repetitions(100)))
    }
    return contests
  }

  private static func bitcoinContest(_ count: Int) async throws -> Contest {
    let latency = try await BitcoinLatency.start(pollMilliseconds: pollMilliseconds)
    let mempool = "Bitcoin transaction in the mempool to its event in Kafka"
    let block = "Bitcoin block of 0.8 MB to its event in Kafka"
    return Contest(
      name: bitcoin,
      how: """
        From the node's acceptance, over HTTP, watcher, SQLite and the relay, to a consumer of \
        librdkafka's mock cluster, which lets consumers wait up to 100 ms for what comes; all in \
        one process. Of \(count) payments in blocks of their own.
        """,
      ours: {
        let (mempool, block) = try await latency.run(count)
        return [
          percentile(50, of: mempool), mempool.max() ?? 0, percentile(50, of: block),
          block.max() ?? 0,
        ]
      },
      others: [{ [try await latency.fetch()] }],
      comparisons: comparisons(mempool, firstFigure: 0, worst: "slowest of \(count)", goal: 1_000)
        + comparisons(block, firstFigure: 2, worst: "slowest of \(count)", goal: 250),
      finish: { try await latency.close() })
  }

  private static func ethereumContest(_ count: Int) async throws -> Contest {
    let latency = try await EthereumLatency.start(pollMilliseconds: pollMilliseconds)
    let block = "EVM block of \(EthereumLatency.transactions) transactions to its event in Kafka"
    return Contest(
      name: ethereum,
      how: """
        As with Bitcoin; the node is asked for its head ten times in half a second. \
        Of \(count) payments in blocks of their own.
        """,
      ours: {
        let block = try await latency.run(count)
        return [percentile(50, of: block), percentile(99, of: block)]
      },
      others: [{ [try await latency.fetch()] }],
      comparisons: comparisons(block, firstFigure: 0, worst: "99th percentile", goal: 250),
      finish: { try await latency.close() })
  }

  /// - Parameters:
  ///   - worst: what the second figure is
  ///   - goal: of that, in milliseconds
  private static func comparisons(
    _ name: String, firstFigure: Int, worst: String, goal: Double
  ) -> [Contest.Comparison] {
    let reference = "the block fetched over HTTP and thrown away"
    return [
      .init(name: "\(name), median", unit: "ms", figure: firstFigure, reference: reference),
      .init(
        name: "\(name), \(worst)", unit: "ms", figure: firstFigure + 1,
        reference: reference, goal: .atMost(goal, "ms")),
    ]
  }

  private static func percentile(_ percent: Int, of values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, (sorted.count * percent + 99) / 100 - 1)]
  }
}
