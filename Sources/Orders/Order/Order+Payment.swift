package import Bytes

extension Order {
  /// The payment that it was given, and how far that has come.
  package struct OrderPayment: Codable, Equatable, Sendable {
    package let requested: RequestedPayment
    package internal(set) var level = PaymentLevel.open
    /// Of the event that told the level.
    package internal(set) var sequence: Int64 = 0
    package internal(set) var isWithdrawn = false
    /// What has come, seen or in blocks, in minor units; nil where no event has told it.
    package internal(set) var received: UInt256?
    /// The least that pays for it, by the last event that told; nil where none has.
    package internal(set) var due: UInt256?
    /// By their ids; nil where there are none.
    package internal(set) var refunds: [String: Refund]?
    /// What somebody has taken for settled, although it didn't go back.
    package internal(set) var waived: UInt256?
    /// What had been seen to when an operator closed the payment; nil where nobody has.
    package internal(set) var closing: Closing?
    /// Whether somebody has taken for settled that it won't be paid again; else nil.
    package internal(set) var isLossWaived: Bool?
    /// What goes back although the order goes on: somebody has said so.
    package internal(set) var conceded: UInt256?

    init(requested: RequestedPayment, _ refunds: [String: Refund]? = nil) {
      self.requested = requested
      self.refunds = refunds
    }

    package struct Refund: Codable, Equatable, Sendable {
      package let sequence: Int64
      package let amount: UInt256
      package let isFinal: Bool
      /// Nil of one of which only `refundTold` has told.
      package let level: RefundLevel?

      init(sequence: Int64, amount: UInt256, isFinal: Bool, level: RefundLevel? = nil) {
        self.sequence = sequence
        self.amount = amount
        self.isFinal = isFinal
        self.level = level
      }
    }

    package struct Closing: Codable, Equatable, Sendable {
      package let received: UInt256
      /// The refunds that there had been, by their ids: they aren't of what came later.
      package let refunds: [String]
    }

    /// What has gone back for good.
    package var refunded: UInt256 { sum { $1.isFinal } }

    /// What must go back where nothing comes of the order; an amount that nobody has told counts
    /// as one unit. An operator who has closed the payment has seen to what had come by then.
    var owed: UInt256 {
      if let closing { return (received ?? .zero).subtractingOrZero(closing.received) }
      if level == .resolved { return .zero }
      return received.flatMap { $0 > .zero ? $0 : nil } ?? (level.hasMoney ? .one : .zero)
    }

    var isRefundDue: Bool {
      let back = sum { id, refund in refund.isFinal && closing?.refunds.contains(id) != true }
      return owed > back && owed > waived ?? .zero
    }

    /// What goes back or has, by what `refundMoved` tells.
    var goingBack: UInt256 { sum { $1.level == .going || $1.level == .final } }

    /// Whether, with what goes back, less is left than pays for the order.
    ///
    /// - Parameter amount: what is due, where no event has said
    func isGivenBack(of amount: UInt256) -> Bool {
      guard let received, goingBack > conceded ?? .zero else { return false }
      return received.subtractingOrZero(goingBack) < min(due ?? amount, received)
    }

    /// Notes what an event of the payment tells.
    mutating func take(level: PaymentLevel, received: UInt256?, due: UInt256?) {
      let before = self
      self.level = level
      self.received = received ?? self.received
      self.due = due ?? self.due
      if level == .paid { isLossWaived = nil }
      guard due != nil, level == .resolved, closing == nil || before.level != .resolved else {
        return
      }
      let isNew = before.level != .resolved
      closing = Closing(
        received: (isNew ? self.received : before.received) ?? .zero,
        refunds: (refunds ?? [:]).keys.sorted())
    }

    /// Notes what an event of a refund tells; what is known already changes nothing.
    mutating func take(refund id: String, _ refund: Refund) {
      if let refunds = refund.added(to: refunds, as: id) { self.refunds = refunds }
    }

    private func sum(of isWanted: (String, Refund) -> Bool) -> UInt256 {
      (refunds ?? [:]).reduce(.zero) { sum, entry in
        guard isWanted(entry.key, entry.value) else { return sum }
        return (try? sum.adding(entry.value.amount)) ?? .max
      }
    }
  }

  /// What refunds' events have told of payments, one of which may turn out to be the order's.
  struct EarlyRefunds: Codable, Equatable, Sendable {
    private var payments: [String: [String: OrderPayment.Refund]] = [:]

    /// Nobody refunds an order so often before it knows its payment.
    private static let limit = 16

    func of(_ payment: String) -> [String: OrderPayment.Refund]? { payments[payment] }

    mutating func take(refund id: String, of payment: String, _ refund: OrderPayment.Refund) {
      let known = payments[payment]
      guard let refunds = refund.added(to: known, as: id) else { return }
      let count = payments.values.reduce(0) { $0 + $1.count }
      guard count < Self.limit || known?[id] != nil else { return }
      payments[payment] = refunds
    }
  }
}

extension Order.OrderPayment.Refund {
  /// These with this one; nil where it says nothing new.
  fileprivate func added(to refunds: [String: Self]?, as id: String) -> [String: Self]? {
    let known = refunds?[id]
    guard sequence > known?.sequence ?? 0 else { return nil }
    // `ended` of one that nobody has heard of is worth nothing either.
    let isNew =
      level == nil
      ? isFinal != known?.isFinal ?? false
      : level != known?.level ?? .ended || isFinal != known?.isFinal ?? false
    return isNew ? (refunds ?? [:]).merging([id: self]) { _, new in new } : nil
  }
}
