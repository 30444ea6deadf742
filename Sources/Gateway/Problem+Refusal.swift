internal import Bytes
package import HTTPServer
internal import HTTPTypes
internal import JSON
package import Payments
package import Settlement

extension Problem {
  /// The problem that tells a client why its payment wasn't made.
  package init(_ refusal: PaymentRefusal) {
    switch refusal {
    case .unknownChain(let chain):
      self = .invalidField("chain", "No such chain is configured: \(chain).")
    case .unknownAsset(let asset, let chain):
      self = .invalidField("asset", "\(chain) doesn't list \(asset).")
    case .chainNotCredited(let chain):
      self = .invalidField("chain", "Nothing on \(chain) is credited: its blocks can't be proved.")
    case .tenantNotConfigured(let tenant):
      self = Problem(
        .forbidden, "tenant-not-configured", "The tenant takes no new payments.",
        "\(tenant) isn't configured any more; its payments can still be read.")
    case .chainHalted(let chain, _):
      self = Problem(
        .serviceUnavailable, "chain-halted", "The chain isn't credited now.",
        "Crediting on \(chain) has stopped until an operator decides. Nothing was made.",
        headers: [.retryAfter: "60"])
    case .noAddressReady(let chain):
      self = Problem(
        .serviceUnavailable, "no-address-ready", "No address is ready.",
        "Every address of \(chain) that is watched already has been given out; more are on the "
          + "way.", headers: [.retryAfter: "1"])
    case .invalidOrderID:
      self = .invalidField(
        "order_id", "It must have 1 to \(PaymentService.maximumOrderIDBytes) bytes, no controls.")
    case .amountTooSmall(let minimum):
      self = .invalidField("amount", "It must be at least \(minimum) minor units.")
    case .amountTooLarge(let maximum):
      self = .invalidField("amount", "It must be at most \(maximum) minor units.")
    case .aboveCreditLimit(let maximum):
      self = .invalidField(
        "amount",
        "It must be at most \(maximum) minor units: the chain's nodes aren't trusted with more.")
    case .toleranceTooLarge:
      self = .invalidField("tolerance", "It must be below the amount.")
    case .expiryOutOfRange(let range):
      self = .invalidField(
        "expires_in", "It must be \(range.lowerBound) to \(range.upperBound) seconds.")
    case .quoteExpired(let time):
      self = .conflict(
        "quote-expired", "The quote has expired.", "It could be used until \(time).")
    case .metadataTooLong(let bytes):
      self = .invalidField("metadata", "It may have at most \(bytes) bytes as JSON.")
    case .invalidMetadata:
      self = .invalidField(
        "metadata", "It must be a JSON object, its numbers no larger than a double can be.")
    case .orderHasPayment(let id):
      self = .conflict(
        "order-has-payment", "The order has a payment that hasn't ended.", "It is \(id).")
      extensions = [.init("payment_id", .string(id))]
    case .unknownTransaction:
      self = .invalidField(
        "after", "It must be a txid of the payment's, as next_after gives it.")
    case .notFound(let id):
      self = .notFound("There is no payment \(id.prefix(60)).")
    }
  }

  /// The problem that tells why a decision can't be applied to a payment.
  package init(_ error: PaymentError) {
    switch error {
    case .notCancelable(let status):
      self = .conflict(
        "not-cancelable", "The payment can't be canceled.",
        status == .open ? "Money has come." : "It is \(status.rawValue).")
    case .nothingToAccept:
      self = .conflict(
        "nothing-to-accept", "There is nothing to accept.",
        "The payment is resolved, or less has come than would be due.")
    case .dueTooHigh(_, let due):
      self = .invalidField("due_minor", "It must be from 1 to what is due now, \(due).")
    case .notResolvable(let status):
      self = .conflict(
        "not-resolvable", "The payment can't be resolved.", "It is \(status.rawValue).")
    case .exceedsReceipts(let amount, let left):
      self = Problem(RefundRefusal.exceedsReceipts(amount, left: left))
    // Facts of refunds, which no client writes itself.
    case .unknownRefund, .refundExists: self = .internal
    }
  }
}

/// A refused decision on its way out of a transaction, which it undoes.
struct PaymentErrorReply: Error {
  let problem: Problem
}
