internal import Foundation

/// The endpoints of payments, orders and stock under an open loop over many connections: which rate
/// all of them hold.
enum OpenLoadSuite: EngineSuite {
  static func name(_ engine: DurableStore.Engine) -> String {
    "open load on payments, orders and stock, \(engine.rawValue)"
  }

  /// Connections that are open.
  static let usualCount = 10_000

  /// Requests a second at which latencies are told.
  static let statedRate = 500.0

  /// Of each endpoint, of 99 of 100 requests.
  static let boundMilliseconds = 100.0

  static func contest(
    _ engine: DurableStore.Engine, count: Int
  ) async throws -> Contest {
    // Few connections are a quick look: at one rate, in a small shop.
    let scale = Double(count) / Double(usualCount)
    let statedRate = max(20, (Self.statedRate * scale).rounded())
    let trials = scale < 0.1 ? 1 : 16
    // Server and loads are apart: a process has no more descriptors than one side needs.
    let shop = try await ServedShop.start(
      on: engine, chains: URL(filePath: "chains"), readyAddresses: max(400, Int(20_000 * scale)))
    let endpoints = ShopEndpoints(shop)
    try await endpoints.begin(max(20, Int(1_000 * scale)))
    let empty = try await EmptyServer.Process.start()
    let load = OpenLoad(port: shop.port, connections: count)
    let bare = OpenLoad(port: empty.port, connections: count)
    var search = RateSearch(from: statedRate, trials: trials)
    var bareSearch = RateSearch(from: 4 * statedRate, trials: trials)
    return Contest(
      name: name(engine),
      how: """
        `paywatch serve` with all roles, \(count) connections open, each used in turn. Requests to \
        \(endpoints.names.count) endpoints are due at random moments that were set beforehand, and \
        latencies count from those. A rate holds where everything is answered as it should be and \
        of each endpoint's requests 99 of 100 within \(Int(boundMilliseconds)) ms. Load generator, \
        server, node and database share the machine.
        """,
      ours: {
        var stated = 0.0
        let highest = try await search.highest { rate, seed in
          let schedule = try await endpoints.schedule(
            rate: rate, seconds: seconds(rate), seed: seed)
          let result = try await load.run(schedule)
          Progress.note(
            "  \(Int(rate))/s: \(result.unanswered) unanswered, worst "
              + "\(schedule.endpoints[result.worst.endpoint].name) "
              + "\(Int(result.worst.milliseconds)) ms")
          if rate == statedRate { stated = result.worst.milliseconds }
          return result.holds(milliseconds: boundMilliseconds)
        }
        return [highest, stated]
      },
      others: [
        {
          [
            try await bareSearch.highest { rate, seed in
              let schedule = EmptyServer.schedule(rate: rate, seconds: seconds(rate), seed: seed)
              return try await bare.run(schedule).holds(milliseconds: boundMilliseconds)
            }
          ]
        },
        { [boundMilliseconds] },
      ],
      comparisons: [
        .init(
          name: name(engine), unit: "requests/s",
          reference: "Hummingbird's empty answers to as many connections"),
        .init(
          name: name(engine) + ", worst 99th percentile at \(Int(statedRate))/s", unit: "ms",
          figure: 1, reference: "the bound", work: 1, goal: .atMost(boundMilliseconds, "ms")),
      ],
      finish: {
        await empty.stop()
        await shop.close()
      })
  }

  /// Long enough for some hundreds of requests to each endpoint.
  private static func seconds(_ rate: Double) -> Double {
    rate < Self.statedRate ? 3 : min(max(10_000 / rate, 5), 20)
  }
}

/// Looks for the highest rate that holds: upwards until one doesn't, then between the two.
struct RateSearch {
  private let stated: Double
  /// How often it may try.
  private let trials: Int
  /// Where the last search ended.
  private var last: Double?
  private var seed: UInt64 = 0

  init(from stated: Double, trials: Int) {
    self.stated = stated
    self.trials = trials
  }

  /// How far apart the answer and what doesn't hold any more may be.
  private static let step = 1.08

  /// 0 where the stated rate doesn't hold.
  mutating func highest(
    _ holds: (_ rate: Double, _ seed: UInt64) async throws -> Bool
  ) async throws -> Double {
    seed += 1
    guard try await holds(stated, seed) else { return 0 }
    var (low, high) = (stated, Double.infinity)
    var next = max(stated * 1.5, (last ?? 0) / Self.step)
    var left = trials - 1
    while high / low > Self.step, left > 0 {
      left -= 1
      seed += 1
      if try await holds(next, seed) { low = next } else { high = next }
      next = high == .infinity ? low * 1.5 : (low * high).squareRoot()
    }
    last = low
    return low
  }
}
