package import ChainTypes

/// What an order needs of another service.
package enum OrderStep: Equatable, Sendable {
  case reserveStock(revision: Int64)
  case requestPayment
  case consumeStock
  case releaseStock(revision: Int64)
  case withdrawPayment(String)
}

// What follows from the stored facts.
extension Order {
  package var isPaid: Bool { payment?.level == .paid }

  package var attention: OrderAttention? {
    switch status {
    case .held:
      if stock == .missing {
        .stockMissing
      } else if !isPaid {
        .paymentReversed
      } else {
        // Neither: its stock is asked for again.
        isGivenBack ? .refunding : nil
      }
    case .completed:
      // An operator who closed the payment has seen to it.
      isPaid || payment?.level == .resolved || payment?.isLossWaived == true
        ? nil : .paymentReversed
    case .canceled: payment?.isRefundDue == true ? .refundDue : nil
    case .pending, .confirmed, .preparing, .ready: nil
    }
  }

  /// Whether what has paid for it goes back, or has.
  var isGivenBack: Bool {
    guard let payment, let choice else { return false }
    return payment.isGivenBack(of: choice.amount)
  }

  /// Whether somebody has begun to use what it takes from stock: until then that stands on the
  /// shelf, where it is counted.
  private var isBegun: Bool {
    switch heldFrom ?? status {
    case .preparing, .ready, .completed: true
    case .pending, .confirmed, .canceled, .held: false
    }
  }

  /// What other services must be asked for next; nil where the order waits for events or people.
  package var nextStep: OrderStep? {
    switch status {
    case .pending:
      if wishes.granted != wishes.current { return .reserveStock(revision: wishes.current) }
      return choice != nil && payment == nil ? .requestPayment : nil
    case .confirmed, .preparing, .ready, .completed, .held:
      switch stock {
      case .none: return .reserveStock(revision: wishes.current)
      case .reserved where wishes.granted != wishes.current:
        return .reserveStock(revision: wishes.current)
      case .reserved: return isBegun ? .consumeStock : nil
      // What an earlier wish may hold.
      case .waived where wishes.granted != wishes.current:
        return .releaseStock(revision: wishes.current)
      case .consumed, .released, .missing, .waived: return nil
      }
    case .canceled:
      switch stock {
      // What was begun with is used up.
      case .reserved where isBegun: return .consumeStock
      case .consumed where isBegun, .released: break
      case .none, .reserved, .consumed, .missing, .waived:
        return .releaseStock(revision: wishes.current)
      }
      guard let payment, !payment.isWithdrawn, payment.level == .open else { return nil }
      return .withdrawPayment(payment.requested.id)
    }
  }

  /// Whether nobody has asked for its payment in time.
  package func isOverdue(at now: Timestamp) -> Bool {
    status == .pending && payment == nil && terms.expiresAt <= now
  }

  /// When somebody must look at it although nothing happens to it: at once where there is a step,
  /// and at its deadline while nothing was requested.
  package func wakes(at now: Timestamp) -> Timestamp? {
    let isWaiting = status == .pending && payment == nil
    guard nextStep == nil else { return now }
    return isWaiting ? terms.expiresAt : nil
  }
}
