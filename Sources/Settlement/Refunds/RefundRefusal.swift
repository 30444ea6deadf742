package import Bytes
package import Payments

/// Why a refund can't be made or changed. Nothing was written.
package enum RefundRefusal: Error, Equatable {
  case notFound(String)
  case unknownChain(String)
  /// Neither the request nor the payment names one.
  case noAddress
  case invalidAddress(String)
  /// A partial refund names its amount, no other does.
  case amountMissing
  case amountUnexpected
  /// Nothing final is left to send back.
  case nothingToRefund
  case exceedsReceipts(UInt256, left: UInt256)
  /// Below what the chain carries.
  case amountTooSmall(minimum: UInt256)
  /// The tenant's policy wants a signed message.
  case attestationMissing
  case attestationInvalid(String)
  case reasonTooLong(maximumBytes: Int)
  case notPossible(RefundStatus)
  /// The outgoing transaction that pays it can still be mined, or was.
  case payable(by: String, OutgoingStatus)
  case sameApprover(String)
  /// Approvers are listed, and this isn't one of their names.
  case unknownApprover(String)
  /// Only a signature under this text counts as an approval.
  case approvalUnsigned(statement: String)
  /// The signature isn't the approver's under this text.
  case approvalInvalid(signer: String, statement: String)
}

extension RefundRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notFound(let id): "there is no payment or refund \(id)"
    case .unknownChain(let chain): "the configuration has no chain \(chain)"
    case .noAddress: "no address is given, and the payment names none for refunds"
    case .invalidAddress(let reason): reason
    case .amountMissing: "a partial refund needs an amount"
    case .amountUnexpected: "only a partial refund has an amount"
    case .nothingToRefund:
      "there is nothing to send back: only money that is final can be, and only once"
    case .exceedsReceipts(let amount, let left):
      "\(amount.decimal) is more than the \(left.decimal) minor units left of the final receipts"
    case .amountTooSmall(let minimum):
      "the chain carries nothing below \(minimum.decimal) minor units"
    case .attestationMissing:
      "the tenant's policy wants a signed message that names the address"
    case .attestationInvalid(let reason): reason
    case .reasonTooLong(let bytes): "a reason has at most \(bytes) bytes"
    case .notPossible(let status): "a refund that is \(status.rawValue) can't be changed so"
    case .payable(let id, let status):
      "\(id), which pays it, is \(status.rawValue): it may still be mined, or was (payctl payout list)"
    case .sameApprover(let name): "\(name) requested or approved it: another person must"
    case .unknownApprover(let name):
      "\(name) is none of the approvers that the tenant's policy lists (--config names it)"
    case .approvalUnsigned(let statement):
      "the approval must be signed (--key-file, --words or --signature), under this text:\n\(statement)"
    case .approvalInvalid(let signer, let statement):
      "the signature isn't \(signer)'s under this text:\n\(statement)"
    }
  }
}
