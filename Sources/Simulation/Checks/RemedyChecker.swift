internal import Aggregates
internal import Bytes
internal import Payments
internal import Settlement

/// Holds what policies have done by themselves against who has the last word: people.
struct RemedyChecker {
  let stored: StoredState

  /// Who asks, where a policy does.
  static let policy = "policy"

  /// Once a refund that a policy asked for was ended, or one that was on its way has failed, no
  /// policy asks for another one of the payment's. Where one goes, the payer has said.
  func check(_ findings: inout Findings) throws {
    let refunds = try stored.refunds.mapValues { refund in
      (
        terms: try CanonicalJSON.value(RefundTerms.self, from: refund.terms), status: refund.status
      )
    }
    for payment in stored.payments {
      let terms = try CanonicalJSON.value(PaymentTerms.self, from: payment.terms)
      var ended: String?
      for text in payment.facts where text.hasPrefix("{\"refund") {
        switch try CanonicalJSON.value(PaymentFact.self, from: text) {
        case .refundRequested(let id, _):
          guard let refund = refunds[id], refund.terms.requestedBy == Self.policy else { continue }
          findings.require(
            ended == nil, promise: 6,
            "\(id) was asked for by a policy, after \(ended ?? "") had ended")
          findings.require(
            refund.terms.address == terms.refundAddress, promise: 6,
            "\(id) goes to \(refund.terms.address), where nobody has asked it to go")
        case .refundChanged(let id, .ended):
          guard let refund = refunds[id] else { continue }
          if refund.terms.requestedBy == Self.policy || refund.status == "failed" { ended = id }
        default: continue
        }
      }
    }
  }

  /// Whether a policy may do nothing more about a payment.
  func isLeftToPeople(_ payment: StoredState.StoredPayment) throws -> Bool {
    try stored.refunds.values.contains { refund in
      let terms = try CanonicalJSON.value(RefundTerms.self, from: refund.terms)
      guard terms.payment == payment.id else { return false }
      return refund.status == "failed"
        || refund.status == "canceled" && terms.requestedBy == Self.policy
    }
  }
}

/// What a tenant's policies make of a payment, by the rules as people read them.
struct RemedyOracle {
  let terms: PaymentTerms
  let status: String
  let payment: PaymentOracle
  /// What its live refunds take, in minor units.
  let taken: UInt64
  /// Whether there ever was one.
  let hasRefunds: Bool

  enum Remedy: Equatable {
    case accept(UInt64)
    case refund(UInt64)
  }

  /// Nil where nothing is to be done, or not yet.
  var remedy: Remedy? {
    // Nothing is decided of before all of it is final.
    guard payment.received > 0, payment.received == payment.finalReceipts else { return nil }
    let due = payment.acceptedDue ?? payment.amount
    let counted = payment.finalCounted
    switch status {
    case "settled":
      guard terms.overPolicy == .refund else { return nil }
      return refund(counted < due ? 0 : counted - due)
    case "expired":
      if terms.shortPolicy == .accept, !hasRefunds {
        return counted > 0 && counted >= due - due / 10 && counted * 10 >= due * 9
          ? .accept(min(counted, due)) : nil
      }
      return refund(
        (terms.shortPolicy == .refund ? counted : 0)
          + (terms.latePolicy == .refund ? payment.finalWaiting : 0))
    case "canceled", "resolved":
      return terms.latePolicy == .refund ? refund(payment.finalWaiting) : nil
    default: return nil
    }
  }

  /// What of it isn't on its way back yet.
  private func refund(_ amount: UInt64) -> Remedy? {
    let rest = amount > taken ? amount - taken : 0
    let left = payment.finalReceipts > taken ? payment.finalReceipts - taken : 0
    return min(rest, left) > 0 ? .refund(min(rest, left)) : nil
  }
}
