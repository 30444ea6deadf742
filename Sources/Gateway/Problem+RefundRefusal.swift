internal import Bytes
package import HTTPServer
internal import HTTPTypes
internal import JSON
internal import Payments
package import Settlement

extension Problem {
  /// The problem that tells a client why its refund wasn't made, or isn't changed.
  package init(_ refusal: RefundRefusal) {
    switch refusal {
    case .notFound(let id):
      self = .notFound("There is no payment or refund \(id.prefix(60)).")
    case .unknownChain(let chain):
      self = .conflict(
        "chain-not-configured", "The payment's chain isn't configured any more.",
        "Nothing can be sent on \(chain).")
    case .noAddress:
      self = .invalidField("address", "It is required: the payment names no refund_address.")
    case .invalidAddress(let reason):
      self = .invalidField("address", "Nothing can be sent back there: \(reason).")
    case .amountMissing:
      self = .invalidField("amount", "A partial refund needs it, or amount_minor.")
    case .amountUnexpected:
      self = .invalidField("amount", "Only a partial refund has one.")
    case .nothingToRefund:
      self = .conflict(
        "nothing-to-refund", "There is nothing to send back.",
        "Only money that is final can be, and only once.")
    case .exceedsReceipts(_, let left):
      self = .conflict(
        "exceeds-receipts", "It is more than what is left of the payment's final receipts.",
        "There are \(left) minor units left.")
      extensions = [.init("left_minor", .string(left.decimal))]
    case .amountTooSmall(let minimum):
      self = .conflict(
        "amount-too-small", "It is less than what the chain carries.",
        "It must be at least \(minimum) minor units.")
    case .attestationMissing:
      self = .invalidField(
        "attestation", "It is required: refunds' addresses must be proved by a signed message.")
    case .attestationInvalid(let reason):
      self = .invalidField("attestation", "It proves nothing: \(reason).")
    case .reasonTooLong(let bytes):
      self = .invalidField("reason", "It may have at most \(bytes) bytes.")
    case .notPossible(let status):
      self = .conflict(
        "not-cancelable", "The refund can't be canceled.", "It is \(status.rawValue).")
    case .payable(let id, let status):
      self = .conflict(
        "still-payable", "The refund can't be ended.",
        "\(id), which pays it, is \(status.rawValue).")
    case .sameApprover(let name):
      self = .conflict(
        "same-approver", "Another person must approve the refund.",
        "\(name) requested or approved it.")
    case .unknownApprover(let name):
      self = .conflict(
        "unknown-approver", "Nobody of that name may approve refunds.",
        "\(name.prefix(100)) isn't listed.")
    case .approvalUnsigned(let statement):
      self = .invalidField("signature", "It is required, under this text: \(statement)")
    case .approvalInvalid(let signer, let statement):
      self = .invalidField("signature", "It isn't \(signer)'s under this text: \(statement)")
    }
  }
}
