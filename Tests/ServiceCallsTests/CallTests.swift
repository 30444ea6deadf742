import Bytes
import ChainTypes
import Orders
import Payments
import ServiceCalls
import Supply
import Telemetry
import Testing

@Suite("Calls between processes")
struct CallTests {
  @Test("what is asked of stock arrives whole, and so does the answer")
  func stock() async throws {
    let shortages = [
      StockShortage(product: "beans", wanted: 36, available: 0),
      StockShortage(product: "milk", wanted: .max, available: 7),
      StockShortage(product: "milk", wanted: 1, available: 0, unit: "pail"),
    ]
    let stock = ScriptedStock { request in
      switch request.revision {
      case 1: .overtaken
      case 2: .insufficient(shortages)
      default: .reserved
      }
    }
    let bare = ReserveStock(
      tenant: "t", order: "o", location: "l", revision: 1, lines: [], until: nil)
    let other = ReserveStock(
      tenant: "t", order: "o", location: "l", revision: 2, lines: [], until: nil)
    let release = ReleaseStock(tenant: "roastery", order: "ord_1", revision: .max)
    try await CallScene.run(stock: stock) { scene in
      try await scene.connected { connection in
        let reply = try await connection.stock.reserve(CallScene.reserve)
        #expect(reply == .reserved)
        #expect(try await connection.stock.reserve(bare) == .overtaken)
        #expect(try await connection.stock.reserve(other) == .insufficient(shortages))
        let (held, none) = (
          ConsumeStock(tenant: "roastery", order: "ord_1"),
          ConsumeStock(tenant: "roastery", order: "ord_none")
        )
        #expect(try await connection.stock.consume(held) == .consumed)
        #expect(try await connection.stock.consume(none) == .notHeld)
        #expect(try await connection.stock.release(release) == .released)
        #expect(
          stock.asked == [
            .reserve(CallScene.reserve), .reserve(bare), .reserve(other), .consume(held),
            .consume(none), .release(release),
          ])
      }
      #expect(scene.failures.all == [])
    }
  }

  @Test("what is asked of payments arrives whole, and so does the answer")
  func payments() async throws {
    let chain = try #require(ChainName("ethereum"))
    let usdc = Asset(
      symbol: "USDC", decimals: 6, contract: Hash20([UInt8](repeating: 0xab, count: 20)))
    let moment = Timestamp(microseconds: 1_800_000_000_123_456)
    let quote = PaymentQuote(
      id: "quo_1", currency: Asset(symbol: "USD", decimals: 2), price: 450,
      rate: try ExactDecimal("65000.000000000000000000000000000000001"), sources: 3, asOf: moment,
      lifetimeSeconds: 60, validUntil: moment.adding(seconds: 60))
    let bare = PaymentQuote(
      currency: Asset(symbol: "EUR", decimals: 2), price: .max, rate: .zero, sources: 0,
      asOf: moment, lifetimeSeconds: 1, validUntil: moment)
    let choices = [
      PaymentChoice(
        chain: chain, asset: usdc, amount: .max, expiresInSeconds: 900, refundAddress: "0x1",
        quote: quote),
      PaymentChoice(chain: chain, asset: .eth, amount: .one, quote: bare),
      PaymentChoice(chain: chain, asset: .eth, amount: .zero),
    ]
    let replies: [RequestPaymentReply] = [
      .requested(
        RequestedPayment(
          id: "pay_1", address: "bc1q", uri: "bitcoin:bc1q?amount=1",
          expiresAt: Timestamp(microseconds: 1))),
      .unavailable(reason: "no address is ready"), .refused(reason: ""),
      .refused(reason: String(repeating: "ä", count: 600)),
    ]
    let payments = ScriptedPayments { request in
      #expect(request.tenant == "roastery")
      #expect(choices.contains(request.choice))
      return replies[Int(request.order) ?? 0]
    }
    try await CallScene.run(payments: payments) { scene in
      try await scene.connected { connection in
        for (number, choice) in choices.enumerated() {
          let request = RequestPayment(
            tenant: "roastery", order: "\(number)", choice: choice)
          #expect(try await connection.payments.request(request) == replies[number])
        }
        // What people read is cut, between characters.
        let long = RequestPayment(tenant: "roastery", order: "3", choice: choices[0])
        #expect(
          try await connection.payments.request(long)
            == .refused(reason: String(repeating: "ä", count: 512)))
        let withdrawal = WithdrawPayment(tenant: "roastery", order: "0", payment: "pay_1")
        try await connection.payments.withdraw(withdrawal)
        #expect(payments.withdrawn == [withdrawal])
      }
    }
  }

  @Test("the largest order there can be fits a call, and so does the answer that all of it lacks")
  func largest() async throws {
    let lines = (0..<4_096).map { number in
      let digits = String(number)
      return StockLine(
        product: String(repeating: "x", count: 128 - digits.count) + digits,
        quantity: SupplyItem.maximumQuantity)
    }
    let shortages = lines.map {
      StockShortage(product: $0.product, wanted: $0.quantity, available: .max)
    }
    let request = ReserveStock(
      tenant: "t", order: "o", location: "l", revision: 1, lines: lines, until: nil)
    let stock = ScriptedStock { $0 == request ? .insufficient(shortages) : .overtaken }
    try await CallScene.run(stock: stock) { scene in
      try await scene.connected { connection in
        let reply = try await connection.stock.reserve(request)
        #expect(reply == .insufficient(shortages))
      }
    }
  }

  @Test("a call goes on in its caller's trace, and both sides count it")
  func traces() async throws {
    let (trace, metrics) = (TraceContext.begin(), MetricsRegistry())
    let stock = ScriptedStock { _ in
      #expect(TraceContext.current?.traceID == trace.traceID)
      #expect(TraceContext.current != trace)
      return .reserved
    }
    try await CallScene.run(stock: stock) { scene in
      try await scene.connected(metrics: metrics) { connection in
        try await TraceContext.$current.withValue(trace) {
          _ = try await connection.stock.reserve(CallScene.reserve)
        }
      }
      let method = #"{method="paywatch.supply.v1.StockReservations/Reserve",status="ok"} 1"#
      #expect(metrics.prometheusText().contains("paywatch_service_calls_total\(method)"))
      #expect(
        scene.serverMetrics.prometheusText().contains("paywatch_service_answers_total\(method)"))
    }
  }

  @Test("a service that isn't here is told as such")
  func missing() async throws {
    try await CallScene.run(stock: ScriptedStock()) { scene in
      try await scene.connected { connection in
        let failure = await #expect(throws: CallFailure.self) {
          try await connection.payments.withdraw(
            WithdrawPayment(tenant: "t", order: "o", payment: "p"))
        }
        guard case .refused("unimplemented", _) = failure else {
          Issue.record("\(String(describing: failure))")
          return
        }
      }
    }
  }
}
