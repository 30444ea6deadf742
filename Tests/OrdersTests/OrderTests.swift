import Bytes
import ChainTypes
import Orders
import Supply
import Testing

@Suite("An order, by its facts")
struct OrderTests {
  static let time = Timestamp(seconds: 1_800_000_000)
  static let choice = PaymentChoice(chain: chain, asset: .btc, amount: 45_000)
  static let chain = ChainName("bitcoin-regtest").unsafelyUnwrapped
  static let payment = RequestedPayment(
    id: "pay_1", address: "bcrt1…", uri: "bitcoin:bcrt1…", expiresAt: time.adding(seconds: 900))
  static let items = [
    OrderItem(
      product: "flat white", quantity: 2, unitPrice: 450,
      stock: [StockLine(product: "beans", quantity: 18)])
  ]
  static let otherItems = [
    OrderItem(product: "tea", quantity: 1, unitPrice: 300, stock: [])
  ]

  static func placed(_ choice: PaymentChoice? = choice) throws -> Order {
    let terms = OrderTerms(
      id: "ord_1", tenant: "roastery", customer: "ada", location: "old town",
      currency: Asset(symbol: "USD", decimals: 2), expiresAt: time.adding(seconds: 900),
      metadata: nil)
    return try Order(founding: .placed(terms, items: items, payment: choice), at: time)
  }

  /// What facts make of a new order.
  static func order(
    _ choice: PaymentChoice? = choice, _ facts: [OrderFact]
  ) throws -> Order {
    var order = try placed(choice)
    for fact in facts { _ = try order.apply(fact, at: time) }
    return order
  }

  static func moved(_ sequence: Int64, _ level: PaymentLevel) -> OrderFact {
    .paymentMoved(id: "pay_1", sequence: sequence, to: level)
  }

  /// The way to each status.
  static let waiting: [OrderFact] = [
    .stockReserved(revision: 1), .paymentRequested(payment),
  ]
  static let confirmed = waiting + [moved(3, .paid)]
  static let preparing = confirmed + [.preparing(by: "bo"), .stockConsumed]
  static let ready = preparing + [.ready(by: "bo")]
  static let completed = ready + [.completed(by: "bo")]

  static func told(
    _ sequence: Int64, _ level: PaymentLevel, _ received: UInt256, due: UInt256? = nil
  ) -> OrderFact {
    .paymentTold(id: "pay_1", sequence: sequence, level: level, received: received, due: due)
  }

  static func refund(
    _ sequence: Int64, _ amount: UInt256, to level: RefundLevel, id: String = "ref_1"
  ) -> OrderFact {
    .refundMoved(id: id, sequence: sequence, amount: amount, to: level)
  }

  /// All of a payment goes back, which may not be known yet.
  static func early(_ payment: String, id: String = "ref_1") -> OrderFact {
    .refundMoved(id: id, sequence: 1, amount: 45_000, to: .going, payment: payment)
  }

  static func refund(
    _ sequence: Int64, _ amount: UInt256, _ isFinal: Bool = true, id: String = "ref_1"
  ) -> OrderFact {
    .refundTold(id: id, sequence: sequence, amount: amount, isFinal: isFinal)
  }

  /// Paid, and its stock is gone.
  static let missing = confirmed + [.preparing(by: "bo"), .stockMissing]
  /// Paid 45,000, canceled, and its stock is back.
  static let owed =
    waiting + [told(3, .paid, 45_000), .canceled(by: "ada", note: nil), .stockReleased]
  /// Paid 45,000, and being made.
  static let made =
    waiting + [told(3, .paid, 45_000, due: 45_000), .preparing(by: "bo"), .stockConsumed]
  /// Of which all goes back.
  static let refunding = made + [refund(1, 45_000, to: .going)]
  /// As facts told it before stock stayed on the shelf until somebody begins.
  static let formerly = confirmed + [.stockConsumed]

  static func resolved(_ resolution: StockResolution) -> OrderFact {
    .stockResolved(resolution, by: "bo", note: nil)
  }

  struct Transition: Sendable, CustomStringConvertible {
    let description: String
    let facts: [OrderFact]
    let fact: OrderFact
    /// What the fact tells, in which status, with which attention and next step after it.
    let told: [String]
    let status: OrderStatus
    let attention: OrderAttention?
    let step: OrderStep?

    init(
      _ description: String, _ facts: [OrderFact], _ fact: OrderFact, tells told: [String],
      _ status: OrderStatus, _ attention: OrderAttention? = nil, then step: OrderStep? = nil
    ) {
      self.description = description
      self.facts = facts
      self.fact = fact
      self.told = told
      self.status = status
      self.attention = attention
      self.step = step
    }
  }

  static let substitutes = [
    OrderItem(product: "oat flat white", quantity: 1, unitPrice: 900, stock: [])
  ]
  static let shortages = [StockShortage(product: "beans", wanted: 36, available: 9)]

  @Test("each fact leads where it must, and tells so", arguments: transitions)
  func transition(_ transition: Transition) throws {
    var order = try Self.order(Self.choice, transition.facts)
    let before = order.version
    #expect(try order.apply(transition.fact, at: Self.time) == transition.told)
    #expect(order.status == transition.status)
    #expect(order.attention == transition.attention)
    #expect(order.nextStep == transition.step)
    #expect(order.version == before + (transition.told.isEmpty ? 0 : 1))
  }

  static let refused: [([OrderFact], OrderFact, OrderRefusal)] = [
    ([], .preparing(by: "bo"), .notPossible(.pending, to: .preparing)),
    (confirmed, .ready(by: "bo"), .notPossible(.confirmed, to: .ready)),
    (ready, .preparing(by: "bo"), .notPossible(.ready, to: .preparing)),
    (waiting + [moved(2, .processing)], .canceled(by: "ada", note: nil), .notCancelable(.pending)),
    (preparing, .canceled(by: "ada", note: nil), .notCancelable(.preparing)),
    (completed, .canceled(by: "ada", note: nil), .notCancelable(.completed)),
    ([], .changed(items: otherItems, by: "ada"), .notChangeable(.pending)),
    (confirmed, .changed(items: otherItems, by: "ada"), .notChangeable(.confirmed)),
    (confirmed, .paymentChosen(choice), .notPayable(.confirmed)),
    (
      preparing + [moved(4, .open)], .ready(by: "bo"), .notPossible(.held, to: .ready)
    ),
    (confirmed, resolved(.accepted), .notResolvable(.confirmed)),
    (preparing + [moved(4, .open)], resolved(.reserved), .notResolvable(.held)),
    (missing, resolved(.substituted(otherItems)), .otherTotal),
    (confirmed, .refundWaived(by: "bo", note: nil), .notResolvable(.confirmed)),
    (waiting, .forgotten(by: "bo"), .notForgettable(.pending)),
    (owed, .forgotten(by: "bo"), .notForgettable(.canceled)),
    (
      waiting + [.canceled(by: "ada", note: nil)], .forgotten(by: "bo"), .notForgettable(.canceled)
    ),
    (
      preparing, .claimed(claim: "clm_1", by: "bo"), .notPossible(.preparing, to: .completed)
    ),
    (
      preparing + [moved(4, .open)], .claimed(claim: "clm_1", by: "bo"),
      .notPossible(.held, to: .completed)
    ),
    (
      waiting,
      .paymentRequested(
        RequestedPayment(id: "pay_2", address: "a", uri: "u", expiresAt: time)),
      .hasPayment("pay_1")
    ),
  ]

  @Test("what isn't allowed is refused, and changes nothing", arguments: refused.indices)
  func refusals(place: Int) throws {
    let (facts, fact, refusal) = Self.refused[place]
    var order = try Self.order(Self.choice, facts)
    let before = order
    #expect(throws: refusal) { try order.apply(fact, at: Self.time) }
    #expect(order == before)
  }

  @Test("an order that is forgotten is the same whether its facts' words are there or not")
  func forgetting() throws {
    var told = 0
    let facts: [OrderFact] = [
      .canceled(by: "ada", note: "moved to Graz"), .stockReleased, .forgotten(by: "bo"),
    ]
    var whole = try Self.placed(nil)
    let (bare, words) = Order.parting(
      .placed(whole.terms, items: whole.items, payment: nil))
    #expect(words == ["customer": "ada"])
    var parted = try Order(founding: bare, at: Self.time)
    #expect(parted.terms.customer == nil && parted != whole)
    for fact in facts {
      _ = try whole.apply(fact, at: Self.time)
      let (bare, words) = Order.parting(fact)
      #expect(Order.joining(words, to: bare) == fact)
      told += words.count
      _ = try parted.apply(bare, at: Self.time)
    }
    #expect(told == 1)
    #expect(whole == parted)
    #expect(whole.cancellation?.note == nil && whole.terms.customer == nil)
  }
}
