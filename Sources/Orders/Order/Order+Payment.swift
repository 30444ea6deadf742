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
    /// By their ids; nil where there are none.
    package internal(set) var refunds: [String: Refund]?
    /// What somebody has taken for settled, although it didn't go back.
    package internal(set) var waived: UInt256?

    package struct Refund: Codable, Equatable, Sendable {
      package let sequence: Int64
      package let amount: UInt256
      package let isFinal: Bool
    }

    /// What has gone back for good.
    package var refunded: UInt256 {
      (refunds ?? [:]).values.reduce(.zero) { sum, refund in
        refund.isFinal ? (try? sum.adding(refund.amount)) ?? .max : sum
      }
    }

    /// What must go back where nothing comes of the order; an amount that nobody has told counts
    /// as one unit.
    var owed: UInt256 {
      received.flatMap { $0 > .zero ? $0 : nil } ?? (level.hasMoney ? .one : .zero)
    }

    /// An operator who has closed the payment has seen to its money.
    var isRefundDue: Bool {
      level != .resolved && owed > refunded && owed > waived ?? .zero
    }
  }
}
