import Bytes
import ChainTypes
import Orders
import Supply
import Testing

@Suite("Orders under facts in any order")
struct RandomOrderTests {
  /// Facts as they might come: answers to other requests, events of other payments, decisions of
  /// people who know nothing of each other.
  private static func fact(_ generator: inout SplitMix64) -> OrderFact {
    let revision = Int64.random(in: 1...6, using: &generator)
    let payment = Bool.random(using: &generator) ? "pay_1" : "pay_2"
    switch Int.random(in: 0..<31, using: &generator) {
    case 0, 1: return .stockReserved(revision: revision)
    case 2:
      return .stockRefused(
        revision: revision, shortages: [StockShortage(product: "beans", wanted: 2, available: 1)])
    case 3: return .stockConsumed
    case 4: return .stockMissing
    case 5: return .stockReleased
    case 6, 7:
      return .paymentRequested(
        RequestedPayment(
          id: payment, address: "a", uri: "u", expiresAt: OrderTests.time.adding(seconds: 9)))
    case 8: return .paymentRefused(reason: "x")
    case 9: return .paymentWithdrawn
    case 10: return .deadlinePassed
    case 11: return .preparing(by: "bo")
    case 12: return .ready(by: "bo")
    case 13: return .completed(by: "bo")
    case 14: return .canceled(by: "ada", note: nil)
    case 15:
      let items = Bool.random(using: &generator) ? OrderTests.items : OrderTests.otherItems
      return .changed(items: items, by: "ada")
    case 16: return .paymentChosen(OrderTests.choice)
    case 17, 18:
      return .refundTold(
        id: Bool.random(using: &generator) ? "ref_1" : "ref_2",
        sequence: .random(in: 1...9, using: &generator),
        amount: UInt256(.random(in: 0...900, using: &generator)),
        isFinal: Bool.random(using: &generator))
    case 19: return .refundWaived(by: "bo", note: nil)
    case 20: return .forgotten(by: "bo")
    case 21: return .stockResolved(.reserved, by: "bo", note: nil)
    case 22: return .stockResolved(.accepted, by: "bo", note: nil)
    case 23:
      let items = Bool.random(using: &generator) ? OrderTests.items : OrderTests.otherItems
      return .stockResolved(.substituted(items), by: "bo", note: nil)
    case 24:
      return .paymentTold(
        id: payment, sequence: .random(in: 1...30, using: &generator),
        level: PaymentLevel.allCases.randomElement(using: &generator) ?? .open,
        received: UInt256(.random(in: 0...900, using: &generator)),
        due: Bool.random(using: &generator) ? 450 : nil)
    case 26, 27:
      return .refundMoved(
        id: Bool.random(using: &generator) ? "ref_1" : "ref_2",
        sequence: .random(in: 1...9, using: &generator),
        amount: UInt256(.random(in: 0...900, using: &generator)),
        to: RefundLevel.allCases.randomElement(using: &generator) ?? .going)
    case 25: return .claimed(claim: "clm_1", by: "bo")
    default:
      return .paymentMoved(
        id: payment, sequence: .random(in: 1...30, using: &generator),
        to: PaymentLevel.allCases.randomElement(using: &generator) ?? .open)
    }
  }

  /// The best answer to a step.
  private static func answer(to step: OrderStep) -> OrderFact {
    switch step {
    case .reserveStock(let revision): .stockReserved(revision: revision)
    case .requestPayment: .paymentRequested(OrderTests.payment)
    case .consumeStock: .stockConsumed
    case .releaseStock: .stockReleased
    case .withdrawPayment: .paymentWithdrawn
    }
  }

  @Test("nothing is prepared without money, and every step leads on", arguments: 1...200)
  func lives(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var order = try OrderTests.placed(Bool.random(using: &generator) ? OrderTests.choice : nil)
    for _ in 0..<80 {
      let before = order
      do {
        let told = try order.apply(Self.fact(&generator), at: OrderTests.time)
        #expect(order.version == before.version + (told.isEmpty ? 0 : 1), "seed \(seed)")
        #expect(told.isEmpty == (order == before), "seed \(seed)")
      } catch {
        #expect(order == before, "seed \(seed)")
      }
      switch order.status {
      case .confirmed, .preparing, .ready: #expect(order.isPaid, "seed \(seed)")
      case .held:
        #expect(
          !order.isPaid || order.attention != nil || order.nextStep != nil, "seed \(seed)")
      case .pending: #expect(!order.isPaid, "seed \(seed)")
      case .completed, .canceled: break
      }
      try Self.expectRest(order, seed)
    }
  }

  /// Whoever drives the order comes to an end, each answer changing something.
  private static func expectRest(_ order: Order, _ seed: UInt64) throws {
    var driven = order
    for _ in 0..<6 {
      guard let step = driven.nextStep else {
        #expect(driven.status != .canceled || driven.stock != .reserved, "seed \(seed)")
        return
      }
      let told = try driven.apply(answer(to: step), at: OrderTests.time)
      try #require(!told.isEmpty, "seed \(seed): \(step) of \(driven)")
    }
    Issue.record("seed \(seed): no rest for \(order)")
  }
}
