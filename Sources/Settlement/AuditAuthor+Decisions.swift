package import Audit
internal import Bytes
package import ChainTypes
package import Database
internal import JSON
package import Payments

// What people decide about payments and refunds, as the audit log tells it.
extension AuditAuthor {
  /// Records a decision about a payment; facts that nobody decides are none.
  package func note(
    _ fact: PaymentFact, of payment: String, now: Timestamp, in connection: any SQLConnection
  ) throws {
    let (action, details): (String, JSONValue)
    switch fact {
    case .canceled: (action, details) = ("payment.cancel", [:])
    case .accepted(let due, _):
      (action, details) = ("payment.accept", ["due_minor": .string(due.decimal)])
    case .resolved(_, let reason):
      (action, details) = ("payment.resolve", ["reason": .string(reason)])
    case .observed, .deadlinePassed, .refundRequested, .refundChanged: return
    }
    try note(action, of: payment, details, now: now, in: connection)
  }

  /// Records that a refund was requested.
  package func note(
    requested terms: RefundTerms, now: Timestamp, in connection: any SQLConnection
  ) throws {
    try note(
      "refund.request", of: terms.id,
      [
        "payment": .string(terms.payment), "amount_minor": .string(terms.amount.decimal),
        "address": .string(terms.address),
      ], now: now, in: connection)
  }

  /// Records a decision about a refund; facts that nobody decides are none.
  package func note(
    _ fact: RefundFact, of refund: String, now: Timestamp, in connection: any SQLConnection
  ) throws {
    let (action, details): (String, JSONValue)
    switch fact {
    case .approved(let by, let proof):
      (action, details) = (
        "refund.approve", ["by": .string(by), "signed": .bool(proof != nil)]
      )
    case .canceled: (action, details) = ("refund.cancel", [:])
    case .failed(let reason): (action, details) = ("refund.fail", ["reason": .string(reason)])
    case .accepted: (action, details) = ("refund.accept", [:])
    default: return
    }
    try note(action, of: refund, details, now: now, in: connection)
  }
}
