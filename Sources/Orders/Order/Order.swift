internal import Aggregates
internal import Bytes
package import ChainTypes
package import Supply

/// An order: its terms and what became of it.
///
///     pending ──► confirmed ──► preparing ──► ready ──► completed
///        │            │ ▲          │ ▲          │ ▲
///        │            ▼ │          ▼ │          ▼ │   the payment is taken back, and paid again
///        │            held ────── held ─────── held
///        ▼            │
///     canceled ◄──────┘
///
/// It is paid by `PaymentLevel.paid`. What it needs of other services next is `nextStep`, which
/// follows from its state: whoever asks for that and notes the answer carries it on, however often
/// it is interrupted.
package struct Order: Aggregate {
  package typealias Fact = OrderFact

  package private(set) var terms: OrderTerms
  package let createdAt: Timestamp
  package private(set) var items: [OrderItem]
  package private(set) var choice: PaymentChoice?
  package private(set) var status = OrderStatus.pending
  /// The status to which it returns once what held it is settled.
  package private(set) var heldFrom: OrderStatus?
  package private(set) var payment: OrderPayment?
  /// What was told of refunds before the payment was known; nil where nothing was.
  private var earlyRefunds: EarlyRefunds?
  package private(set) var stock = OrderStock.none
  /// What the location lacked for the last refused request.
  package private(set) var shortages: [StockShortage] = []
  package private(set) var cancellation: Cancellation?
  /// Whether what it said of people is forgotten; else nil.
  package private(set) var isForgotten: Bool?
  /// By whose code it was handed over; nil where it wasn't, or staff said so without one.
  package private(set) var claim: OrderClaim?
  package private(set) var version: Int64 = 1
  package private(set) var updatedAt: Timestamp

  /// Which of its wishes for stock holds, which one is granted, and the highest there was.
  private(set) var wishes = Wishes()

  package struct Cancellation: Codable, Equatable, Sendable {
    package let by: String
    package let reason: CancellationReason
    package fileprivate(set) var note: String?
  }

  package struct OrderClaim: Codable, Equatable, Sendable {
    /// `clm_…`
    package let id: String
    package let by: String
  }

  /// What an order wants of stock changes with it; each wish has a number above those before it.
  struct Wishes: Codable, Equatable, Sendable {
    var current: Int64 = 1
    var granted: Int64 = 0
    var last: Int64 = 1
    /// What holds again where the current one is refused.
    var fallback: Fallback?

    struct Fallback: Codable, Equatable, Sendable {
      let items: [OrderItem]
      let choice: PaymentChoice?
    }
  }

  package var id: String { terms.id }
  package var tenant: String { terms.tenant }

  package init(founding fact: OrderFact, at time: Timestamp) throws {
    guard case .placed(let terms, let items, let choice) = fact else {
      throw OrderRefusal.notPlaced
    }
    _ = try OrderItem.total(of: items)
    _ = try OrderItem.stock(of: items)
    self.terms = terms
    self.items = items
    self.choice = choice
    createdAt = time
    updatedAt = time
  }

  /// One event for every fact that changes something: the new status's own, else `updated`. That it
  /// was claimed is told, too, before it is completed by that.
  package mutating func apply(_ fact: OrderFact, at time: Timestamp) throws -> [String] {
    let before = self
    try take(fact)
    guard self != before else { return [] }
    version += 1
    updatedAt = time
    if case .forgotten = fact { return ["deleted"] }
    if claim != before.claim, status == .completed {
      return status == before.status ? ["claimed"] : ["claimed", "completed"]
    }
    switch status {
    case before.status, .pending, .held: return ["updated"]
    // Back to where it was held: nothing that wasn't told before.
    case _ where before.status == .held && status != .canceled: return ["updated"]
    default: return [status.rawValue]
    }
  }

  private mutating func take(_ fact: OrderFact) throws {
    switch fact {
    case .placed: throw OrderRefusal.placedAlready(id)
    case .changed, .paymentChosen, .preparing, .ready, .completed, .canceled, .stockResolved,
      .refundWaived, .forgotten:
      try decide(fact)
    case .stockReserved, .stockRefused, .stockConsumed, .stockMissing, .stockReleased:
      takeStock(fact)
    case .paymentRequested(let requested):
      if let payment {
        guard payment.requested.id == requested.id else {
          throw OrderRefusal.hasPayment(payment.requested.id)
        }
      } else if choice != nil {
        payment = OrderPayment(requested: requested, earlyRefunds?.of(requested.id))
        earlyRefunds = nil
      }
    case .paymentRefused(let reason):
      guard status == .pending, payment == nil else { return }
      cancel(by: "payments", .paymentRefused, note: reason)
    case .paymentWithdrawn:
      if status == .canceled { payment?.isWithdrawn = true }
    case .paymentMoved(let id, let sequence, let level):
      move(id, sequence, level)
    case .paymentTold(let id, let sequence, let level, let received, let due):
      move(id, sequence, level, received: received, due: due)
    case .refundTold(let id, let sequence, let amount, let isFinal):
      payment?.take(refund: id, .init(sequence: sequence, amount: amount, isFinal: isFinal))
    case .refundMoved(let id, let sequence, let amount, let level, let of):
      take(
        refund: id, of: of,
        .init(sequence: sequence, amount: amount, isFinal: level == .final, level: level))
    case .deadlinePassed:
      if status == .pending, payment == nil { cancel(by: "clock", .expired) }
    case .claimed(let claim, let by): try handOver(claim, by)
    }
  }

  // MARK: Deciding

  private mutating func decide(_ fact: OrderFact) throws {
    switch fact {
    case .changed(let items, _):
      guard status == .pending, choice == nil else { throw OrderRefusal.notChangeable(status) }
      guard items != self.items else { return }
      _ = try OrderItem.total(of: items)
      _ = try OrderItem.stock(of: items)
      wish()
      self.items = items
    case .paymentChosen(let choice):
      guard status == .pending, self.choice == nil || self.choice == choice else {
        throw OrderRefusal.notPayable(status)
      }
      guard self.choice == nil else { return }
      // What is set aside mustn't expire while money may be on its way.
      wish()
      self.choice = choice
    case .preparing: try follow(.confirmed, with: .preparing)
    case .ready: try follow(.preparing, with: .ready)
    case .completed: try follow(.ready, with: .completed)
    case .canceled(let by, let note):
      guard status != .canceled else { return }
      guard isCancelable else { throw OrderRefusal.notCancelable(status) }
      cancel(by: by, .requested, note: note)
    case .stockResolved(let resolution, _, _): try resolve(resolution)
    case .refundWaived:
      switch attention {
      case .refundDue:
        let owed = payment?.owed
        payment?.waived = owed
      case .paymentReversed where status == .completed: payment?.isLossWaived = true
      case .refunding:
        let goingBack = payment?.goingBack
        payment?.conceded = goingBack
        resume()
      default: throw OrderRefusal.notResolvable(status)
      }
    case .forgotten:
      guard isForgettable else { throw OrderRefusal.notForgettable(status) }
      terms = terms.forgotten()
      cancellation?.note = nil
      isForgotten = true
    default: preconditionFailure("no decision")
    }
  }

  /// Each is a wish of its own: what an earlier one set aside is given back, or counts for it.
  private mutating func resolve(_ resolution: StockResolution) throws {
    guard attention == .stockMissing else { throw OrderRefusal.notResolvable(status) }
    switch resolution {
    case .reserved: stock = .none
    case .substituted(let items):
      guard try OrderItem.total(of: items) == OrderItem.total(of: self.items) else {
        throw OrderRefusal.otherTotal
      }
      _ = try OrderItem.stock(of: items)
      self.items = items
      stock = .none
    case .accepted: stock = .waived
    }
    shortages = []
    wishes.last += 1
    wishes.current = wishes.last
    // What is asked for anew isn't there yet.
    if stock == .waived { resume() }
  }

  /// Whether it has ended, and nobody need know any more whose it was.
  package var isForgettable: Bool {
    (status == .completed || status == .canceled) && attention == nil && nextStep == nil
  }

  package var isCancelable: Bool {
    switch status {
    case .pending: !(payment?.level.hasMoney ?? false)
    case .confirmed, .held: true
    case .preparing, .ready, .completed, .canceled: false
    }
  }

  private mutating func follow(_ from: OrderStatus, with next: OrderStatus) throws {
    guard status != next else { return }
    guard status == from else { throw OrderRefusal.notPossible(status, to: next) }
    status = next
  }

  /// Who has it has it: also where it was held meanwhile, or has ended.
  private mutating func handOver(_ claim: String, _ by: String) throws {
    guard self.claim == nil else { return }
    switch status == .held ? heldFrom : status {
    case .ready:
      status = .completed
      heldFrom = nil
    case .completed, .canceled: break
    case .pending, .confirmed, .preparing, .held, nil:
      throw OrderRefusal.notPossible(status, to: .completed)
    }
    self.claim = OrderClaim(id: claim, by: by)
  }

  private mutating func cancel(by: String, _ reason: CancellationReason, note: String? = nil) {
    status = .canceled
    cancellation = Cancellation(by: by, reason: reason, note: note)
    wishes.last += 1
    wishes.current = wishes.last
  }

  // MARK: Stock

  private mutating func wish() {
    if wishes.granted == wishes.current {
      wishes.fallback = .init(items: items, choice: choice)
    }
    wishes.last += 1
    wishes.current = wishes.last
    shortages = []
  }

  private mutating func takeStock(_ fact: OrderFact) {
    switch fact {
    case .stockReserved(let revision):
      guard status != .canceled, revision == wishes.current, revision != wishes.granted else {
        return
      }
      wishes.granted = revision
      wishes.fallback = nil
      stock = .reserved
      resume()
    case .stockRefused(let revision, let shortages):
      guard status != .canceled, revision == wishes.current, wishes.granted != revision else {
        return
      }
      self.shortages = shortages
      refuseStock()
    case .stockConsumed:
      if stock == .reserved { stock = .consumed }
    case .stockMissing:
      guard stock == .reserved else { return }
      stock = .missing
      hold()
    case .stockReleased:
      if status == .canceled {
        stock = .released
      } else if stock == .waived {
        wishes.granted = wishes.current
      }
    default: preconditionFailure("nothing about stock")
    }
  }

  /// What was before holds again, as a wish of its own: one that was overtaken may still be granted
  /// by supply.
  private mutating func refuseStock() {
    guard status == .pending else {
      stock = .missing
      return hold()
    }
    guard let fallback = wishes.fallback else { return cancel(by: "supply", .outOfStock) }
    items = fallback.items
    choice = fallback.choice
    wishes.fallback = nil
    wishes.last += 1
    wishes.current = wishes.last
  }

  // MARK: Payment

  private mutating func move(
    _ id: String, _ sequence: Int64, _ level: PaymentLevel, received: UInt256? = nil,
    due: UInt256? = nil
  ) {
    guard var payment, payment.requested.id == id, sequence > payment.sequence else { return }
    let (before, wasGivenBack) = (payment, isGivenBack)
    payment.take(level: level, received: received, due: due)
    guard payment != before else { return }
    payment.sequence = sequence
    self.payment = payment
    // Money that comes may make up for what goes back.
    guard level != before.level || isGivenBack != wasGivenBack else { return }
    switch status {
    case .pending:
      switch level {
      case .paid:
        status = .confirmed
        if isGivenBack { hold() }
      case .expired: cancel(by: "payments", .paymentExpired)
      case .canceled: cancel(by: "payments", .paymentCanceled)
      case .resolved: cancel(by: "payments", .paymentResolved)
      case .open, .partiallyPaid, .processing: break
      }
    case .confirmed, .preparing, .ready:
      if level != .paid || isGivenBack { hold() }
    case .held: resume()
    case .completed, .canceled: break
    }
  }

  private mutating func take(refund id: String, of payment: String?, _ refund: OrderPayment.Refund)
  {
    guard let known = self.payment else {
      guard let payment, choice != nil else { return }
      var early = earlyRefunds ?? EarlyRefunds()
      early.take(refund: id, of: payment, refund)
      return earlyRefunds = early
    }
    guard payment == nil || payment == known.requested.id else { return }
    self.payment?.take(refund: id, refund)
    if isGivenBack { hold() } else { resume() }
  }

  private mutating func resume() {
    guard status == .held, isPaid, !isGivenBack, stock != .missing, let heldFrom else { return }
    status = heldFrom
    self.heldFrom = nil
  }

  private mutating func hold() {
    switch status {
    case .confirmed, .preparing, .ready:
      heldFrom = status
      status = .held
    case .pending, .completed, .canceled, .held: break
    }
  }
}
