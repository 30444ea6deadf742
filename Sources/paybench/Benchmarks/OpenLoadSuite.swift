internal import Foundation

/// All of the API under an open loop over many connections: which rate every endpoint holds.
enum OpenLoadSuite: EngineSuite {
  static func name(_ engine: DurableStore.Engine) -> String {
    "open load on all of the API, \(engine.rawValue)"
  }

  /// Connections that are open.
  static let usualCount = 10_000

  /// Of these, one in so many holds an order's event stream.
  private static let connectionsPerStream = 20

  /// Requests a second at which latencies are told.
  static func statedRate(_ engine: DurableStore.Engine) -> Double {
    switch engine {
    case .sqlite: 200
    case .postgreSQL: 100
    }
  }

  /// Of each endpoint, of 99 of 100 requests.
  static let boundMilliseconds = 100.0

  static func contest(
    _ engine: DurableStore.Engine, count wanted: Int
  ) async throws -> Contest {
    // Few connections are a quick look: at one rate, in a small shop.
    let scale = Double(wanted) / Double(usualCount)
    let count = DescriptorLimit.connections(wanted)
    let isQuick = scale < 0.1
    let statedRate = isQuick ? 60 : Self.statedRate(engine)
    let empty = try await EmptyServer.Process.start()
    // Server and loads are apart: a process has no more descriptors than one side needs.
    let shop = try await ServedShop.start(
      on: engine, chains: URL(filePath: "chains"), readyAddresses: max(400, Int(20_000 * scale)),
      sink: "http://127.0.0.1:\(empty.port)/v1/payments")
    let endpoints = ShopEndpoints(shop)
    try await endpoints.begin(max(20, Int(1_000 * scale)))
    let load = OpenLoad(
      port: shop.port, connections: count,
      streams: try await endpoints.streams(count / connectionsPerStream))
    let bare = OpenLoad(port: empty.port, connections: count)
    let shares = endpoints.all.reduce(0) { $0 + $1.share }
    let search = RateSearch(start: statedRate, trials: isQuick ? 0 : 12)
    let bareSearch = RateSearch(start: 1_600, trials: 6)
    return Contest(
      name: name(engine),
      how: """
        `paywatch serve` with all roles, \(count) connections open, of which every \
        \(connectionsPerStream)th holds an order's event stream and the others are used in turn; \
        one that the server closed because nobody used it is opened again. Requests to all \
        \(endpoints.all.count) endpoints, most of them reads, are due at random moments that were \
        set beforehand, and latencies count from those; what preparing them has told is delivered \
        first. A rate holds where everything is answered as it should be and of each endpoint's \
        requests 99 of 100 within \(Int(boundMilliseconds)) ms. Load generator, server, node and \
        database share the machine.
        """,
      ours: {
        let stated = try await load.run(
          try await endpoints.schedule(
            rate: statedRate, seconds: isQuick ? 8 : longSeconds(statedRate, shares), seed: 0))
        Progress.note("at \(Int(statedRate))/s: \(stated.summary)\n\(stated.table)")
        var limit = stated
        let highest = try await search.highest { rate, seed in
          let result = try await load.run(
            try await endpoints.schedule(rate: rate, seconds: 15, seed: seed))
          let holds = result.holds(milliseconds: boundMilliseconds)
          Progress.note("  \(Int(rate))/s \(holds ? "holds" : "doesn't hold"): \(result.summary)")
          if !holds { limit = result }
          return holds
        }
        if !isQuick {
          Progress.note(
            "the highest rate that holds is \(Int(highest))/s; beyond it \(limit.summary)")
        }
        return [isQuick ? statedRate * stated.rightShare : highest, stated.worst.milliseconds]
      },
      others: [
        {
          func run(_ rate: Double, _ seed: UInt64) async throws -> OpenLoadResult {
            try await bare.run(EmptyServer.schedule(rate: rate, seconds: 5, seed: seed))
          }
          if isQuick { return [statedRate * (try await run(statedRate, 0)).rightShare] }
          return [
            try await bareSearch.highest { rate, seed in
              try await run(rate, seed).holds(milliseconds: boundMilliseconds)
            }
          ]
        },
        { [boundMilliseconds] },
      ],
      comparisons: [
        .init(
          name: name(engine) + ", highest rate", unit: "requests/s",
          reference: "Hummingbird's empty answers to as many connections"),
        .init(
          name: name(engine) + ", worst 99th percentile at \(Int(statedRate))/s", unit: "ms",
          figure: 1, reference: "the bound", work: 1, goal: .atMost(boundMilliseconds, "ms")),
      ],
      isLong: true,
      finish: {
        await empty.stop()
        await shop.close()
      })
  }

  /// So long that a 99th percentile of each endpoint says something, within minutes.
  private static func longSeconds(_ rate: Double, _ shares: Int) -> Double {
    let requests = 1.1 * Double(OpenLoadResult.enough * shares / ShopEndpoints.usualShare)
    return min(requests / rate, 330)
  }
}
