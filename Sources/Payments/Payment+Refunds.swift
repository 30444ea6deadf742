package import Bytes

/// How much of what a payment received was sent back.
package enum RefundProgress: String, Hashable, Sendable, CaseIterable {
  case none, pending, partial, full
}

/// What a tenant's policies make of a payment that didn't go as its terms say.
package enum PaymentRemedy: Hashable, Sendable {
  /// So much counts as all that was due.
  case accept(due: UInt256)
  case refund(UInt256, RefundTerms.Kind)
}

// What follows of refunds from the stored facts.
extension Payment {
  /// What live refunds take of the receipts.
  package var refundsTaken: UInt256 {
    refunds.reduce(.zero) { sum, refund in
      refund.outcome == .ended ? sum : (try? sum.adding(refund.amount)) ?? .max
    }
  }

  /// What of it was requested before the payment was settled.
  var unsettledRefunds: UInt256 {
    refunds.reduce(.zero) { sum, refund in
      refund.outcome == .ended || refund.isOfSettled
        ? sum : (try? sum.adding(refund.amount)) ?? .max
    }
  }

  /// What may still be sent back. Only ever of final money: what isn't final may yet be taken back
  /// by the chain.
  package var refundable: UInt256 { finalReceipts.subtractingOrZero(refundsTaken) }

  package var refundProgress: RefundProgress {
    let live = refunds.filter { $0.outcome != .ended }
    if live.isEmpty { return .none }
    if live.contains(where: { $0.outcome == .pending }) { return .pending }
    return refundsTaken >= received ? .full : .partial
  }

  /// What is to be done by the terms' policies, without anyone's word; nil where there is nothing,
  /// or not yet. What came is decided of as a whole, once all of it is final.
  package var remedy: PaymentRemedy? {
    guard received == finalReceipts, received > .zero else { return nil }
    switch status {
    case .settled:
      guard terms.overPolicy == .refund else { return nil }
      let rest = min(surplus, refundable)
      return rest > .zero ? .refund(rest, .overpayment) : nil
    case .expired:
      if terms.shortPolicy == .accept, refunds.isEmpty {
        return isNearlyPaid ? .accept(due: min(finalCounted, due)) : nil
      }
      let short = terms.shortPolicy == .refund ? finalCounted : .zero
      let late = terms.latePolicy == .refund ? finalHeld : .zero
      let both = (try? short.adding(late)) ?? .max
      return refund(both, both == finalReceipts ? .full : .partial)
    case .canceled, .resolved:
      return terms.latePolicy == .refund ? refund(finalHeld, .partial) : nil
    case .open, .partiallyPaid, .processing, .paid: return nil
    }
  }

  /// Nine tenths of what is due: with less nobody's order is paid by a policy alone.
  private var isNearlyPaid: Bool {
    guard let came = try? finalCounted.multiplied(by: 10), let least = try? due.multiplied(by: 9)
    else { return false }
    return finalCounted > .zero && came >= least
  }

  private func refund(_ amount: UInt256, _ kind: RefundTerms.Kind) -> PaymentRemedy? {
    let rest = min(amount.subtractingOrZero(refundsTaken), refundable)
    return rest > .zero ? .refund(rest, kind) : nil
  }
}
