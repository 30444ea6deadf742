import Foundation
import JSON
import LoopbackHTTP
import SchemaChecking
import Testing

@testable import paybench

@Suite("an open load")
struct OpenLoadTests {
  @Test("asks every route that a whole server describes, or says why it doesn't")
  func routes() async throws {
    let shop = try await ServedShop.start(
      on: .sqlite, chains: URL(filePath: "chains"), readyAddresses: 20)
    let document = try await TestConnection(port: shop.port).send("GET", "/openapi.json").json()
    await shop.close()
    var routes: Set<String> = []
    for path in document["paths"]?.members ?? [] {
      for operation in path.value.members {
        // Each check of health has a route of its own, of which there may be many.
        let isCheck = path.name.contains(#/^/api/health/(?!live$|ready$)/#)
        let place = isCheck ? "/api/health/{check}" : path.name
        routes.insert("\(operation.name.uppercased()) \(place)")
      }
    }
    #expect(routes.count > 60)
    let asked = Set(ShopEndpoints(shop).all.map(\.route))
    #expect(routes.subtracting(asked) == Set(ShopEndpoints.exceptions.keys))
    #expect(asked.subtracting(routes) == [], "nobody answers these")
    #expect(ShopEndpoints.exceptions.values.allSatisfy { !$0.isEmpty })
  }

  @Test("most of what it asks are reads, and nothing less than what a percentile needs")
  func mix() async throws {
    let shop = try await ServedShop.start(
      on: .sqlite, chains: URL(filePath: "chains"), readyAddresses: 20)
    await shop.close()
    let all = ShopEndpoints(shop).all
    #expect(all.allSatisfy { $0.share >= ShopEndpoints.usualShare })
    #expect(Set(all.map(\.name)).count == all.count)
    let reads = all.filter { $0.name.hasPrefix("GET ") }.reduce(0) { $0 + $1.share }
    #expect(reads * 2 > all.reduce(0) { $0 + $1.share })
  }

  @Test("connections that the server closes between two requests are opened again")
  func closedBetween() async throws {
    let answer = Array("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n".utf8)
    // It closes behind a raw answer.
    let server = try LoopbackServer { _ in .raw(answer) }
    let result = try await OpenLoad(port: Int(server.port), connections: 8)
      .run(EmptyServer.schedule(rate: 40, seconds: 1, seed: 3))
    server.stop()
    #expect(result.errors == 0 && result.unanswered == 0)
    #expect(result.endpoints.map(\.latencies.count).reduce(0, +) > 20)
  }

  // MARK: Searching

  /// Rates that are tried where all up to a limit hold.
  private static func trials(
    _ limit: Double, start: Double = 100, trials: Int = 20
  ) async throws -> (highest: Double, tried: [Double]) {
    var tried: [Double] = []
    let highest = try await RateSearch(start: start, trials: trials).highest { rate, _ in
      tried.append(rate)
      return rate <= limit
    }
    return (highest, tried)
  }

  @Test("the highest rate is found by doubling, and then between what held and what didn't")
  func search() async throws {
    let up = try await Self.trials(730)
    #expect(up.tried.prefix(4) == [100, 200, 400, 800])
    #expect(up.highest <= 730 && up.highest * RateSearch.step >= 730)
    let down = try await Self.trials(30)
    #expect(down.tried.prefix(3) == [100, 50, 25])
    #expect(down.highest <= 30 && down.highest * RateSearch.step >= 30)
    #expect(try await Self.trials(0.5).highest == 0)
    let short = try await Self.trials(.infinity, trials: 3)
    #expect(short.tried == [100, 200, 400] && short.highest == 400)
  }

  @Test("a rate holds where every endpoint keeps to the bound, and nothing is refused or lost")
  func holds() {
    func result(_ slowest: Int64, errors: Int = 0, unanswered: Int = 0) -> OpenLoadResult {
      let fast = OpenLoadResult.Endpoint(
        name: "GET /a", latencies: [Int64](repeating: 1_000_000, count: 1_000), errors: 0)
      // Two of a hundred are slow.
      let slow = OpenLoadResult.Endpoint(
        name: "GET /b", latencies: [Int64](repeating: 2_000_000, count: 98) + [slowest, slowest],
        errors: errors)
      return OpenLoadResult(endpoints: [fast, slow], unanswered: unanswered)
    }
    #expect(result(99_000_000).holds(milliseconds: 100))
    #expect(!result(101_000_000).holds(milliseconds: 100))
    #expect(!result(99_000_000, errors: 1).holds(milliseconds: 100))
    #expect(!result(99_000_000, unanswered: 1).holds(milliseconds: 100))
    // Nothing that fails is fast.
    #expect(result(99_000_000).worst.milliseconds == 99)
    #expect(result(99_000_000, errors: 2).worst.name == "GET /b")
    #expect(result(99_000_000, errors: 2).worst.milliseconds == 3_000)
    #expect(result(99_000_000, unanswered: 1).worst.milliseconds == 3_000)
    let table = result(101_000_000, errors: 3).table.split(separator: "\n")
    #expect(table.count == 3)
    #expect(table[1].hasPrefix("GET /b") && table[1].contains("few"))
    #expect(table[2].hasPrefix("GET /a") && !table[2].contains("few"))
    #expect(result(101_000_000, errors: 3).summary.contains("GET /b"))
  }
}
