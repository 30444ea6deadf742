import Bytes
import ChainTypes
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Orders
import Prices
import ServiceCalls
import Supply
import SwiftProtobuf
import Telemetry
import Testing

/// Servers that say what no service of ours would.
@Suite("Answers that can't be")
struct AnswerFieldTests {
  typealias Reserved = Paywatch_Supply_V1_ReserveReply
  typealias Requested = Paywatch_Payments_V1_RequestPaymentReply
  typealias Rate = Paywatch_Prices_V1_GetRateReply

  private struct Stock: Paywatch_Supply_V1_StockReservations.SimpleServiceProtocol {
    let reply: Reserved

    func reserve(
      request: Paywatch_Supply_V1_ReserveRequest, context: ServerContext
    ) async throws -> Reserved { reply }

    func consume(
      request: Paywatch_Supply_V1_ConsumeRequest, context: ServerContext
    ) async throws -> Paywatch_Supply_V1_ConsumeReply { .init() }

    func release(
      request: Paywatch_Supply_V1_ReleaseRequest, context: ServerContext
    ) async throws -> Paywatch_Supply_V1_ReleaseReply { .init() }
  }

  private struct Payments: Paywatch_Payments_V1_OrderPayments.SimpleServiceProtocol {
    let reply: Requested

    func requestPayment(
      request: Paywatch_Payments_V1_RequestPaymentRequest, context: ServerContext
    ) async throws -> Requested { reply }

    func withdrawPayment(
      request: Paywatch_Payments_V1_WithdrawPaymentRequest, context: ServerContext
    ) async throws -> Paywatch_Payments_V1_WithdrawPaymentReply { .init() }
  }

  private struct Rates: Paywatch_Prices_V1_Rates.SimpleServiceProtocol {
    let reply: Rate

    func getRate(
      request: Paywatch_Prices_V1_GetRateRequest, context: ServerContext
    ) async throws -> Rate { reply }
  }

  private static func connected(
    to services: [any RegistrableRPCService], _ body: (ServiceConnection) async throws -> Void
  ) async throws {
    try await withGRPCServer(
      transport: .http2NIOPosix(
        address: .ipv4(host: "127.0.0.1", port: 0), transportSecurity: .plaintext),
      services: services
    ) { server in
      let address = try await server.listeningAddress
      let scene = CallScene(
        port: try #require(address?.ipv4?.port), serverMetrics: MetricsRegistry(),
        failures: CallScene.Failures())
      try await scene.connected(body)
    }
  }

  private static func expect(
    _ field: String, _ body: () async throws -> Void
  ) async {
    let failure = await #expect(throws: CallFailure.self) { try await body() }
    guard case .answer(let error) = failure, error.field == field else {
      Issue.record("\(String(describing: failure))")
      return
    }
  }

  @Test(
    "of stock",
    arguments: [
      (Reserved(), "outcome"),
      (.with { $0.insufficient.shortages = [.init()] }, "product"),
      (
        .with {
          $0.insufficient.shortages = [
            .with {
              $0.product = "milk"
              $0.wanted = -1
            }
          ]
        }, "wanted"
      ),
      (
        .with {
          $0.insufficient.shortages = [
            .with {
              $0.product = "milk"
              $0.available = .min
            }
          ]
        }, "available"
      ),
      (
        .with {
          $0.insufficient.shortages = [
            .with {
              $0.product = "milk"
              $0.unit = ""
            }
          ]
        }, "unit"
      ),
    ])
  func stock(reply: Reserved, field: String) async throws {
    try await Self.connected(to: [Stock(reply: reply)]) { connection in
      await Self.expect(field) { _ = try await connection.stock.reserve(CallScene.reserve) }
      let consume = ConsumeStock(tenant: "t", order: "o")
      await Self.expect("outcome") { _ = try await connection.stock.consume(consume) }
    }
  }

  private static let requested = Requested.Requested.with {
    $0.id = "pay_1"
    $0.address = "bc1q"
  }

  @Test(
    "of payments",
    arguments: [
      (Requested(), "outcome"),
      (.with { $0.requested = .init() }, "requested.id"),
      (
        .with {
          $0.requested = requested
          $0.requested.address = String(repeating: "x", count: 129)
        }, "requested.address"
      ),
      (
        .with {
          $0.requested = requested
          $0.requested.uri = String(repeating: "x", count: 2_049)
        }, "requested.uri"
      ),
      (
        .with {
          $0.requested = requested
          $0.requested.expiresAtMicroseconds = -1
        }, "requested.expires_at_microseconds"
      ),
      (.with { $0.refused.reason = String(repeating: "x", count: 1_025) }, "reason"),
      (.with { $0.unavailable.reason = "\0" }, "reason"),
    ])
  func payments(reply: Requested, field: String) async throws {
    let chain = try #require(ChainName("bitcoin"))
    try await Self.connected(to: [Payments(reply: reply)]) { connection in
      await Self.expect(field) {
        _ = try await connection.payments.request(
          RequestPayment(
            tenant: "t", order: "o",
            choice: PaymentChoice(chain: chain, asset: .btc, amount: .one)))
      }
    }
  }

  @Test(
    "of rates",
    arguments: [
      Rate(), .with { $0.current = .init() }, .with { $0.current.rate = "0" },
      .with { $0.current.rate = "-1" }, .with { $0.current.rate = "1e3" },
      .with {
        $0.current.rate = "1"
        $0.current.sources = 1_001
      },
      .with {
        $0.current.rate = "1"
        $0.current.asOfMicroseconds = .max
      },
      .with { $0.stale.lastMicroseconds = -1 },
    ])
  func rates(reply: Rate) async throws {
    let pair = try #require(CurrencyPair("BTC-USD"))
    try await Self.connected(to: [Rates(reply: reply)]) { connection in
      let remote = RemoteRates(
        connection, pairs: [pair], maximumAgeSeconds: 300, quoteLifetimeSeconds: 60,
        now: { Timestamp(seconds: 0) })
      await #expect(throws: RateRefusal.unavailable(pair, last: nil)) {
        try await remote.rate(of: pair)
      }
    }
  }
}
