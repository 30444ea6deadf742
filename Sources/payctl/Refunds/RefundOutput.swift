internal import Bytes
internal import ChainTypes
internal import Payments
internal import Settlement

/// A refund for people or, as the API tells it, for programs.
enum RefundOutput {
  static func write(_ refund: Refund, _ format: OutputFormat) throws {
    guard format == .table else {
      return try Answers.writeLines(texts: [RefundDocument.json(of: refund)])
    }
    let terms = refund.terms
    var lines: [(name: String, value: String)] = [
      ("refund", terms.id), ("status", refund.status.rawValue), ("payment", terms.payment),
      ("tenant", terms.tenant), ("chain", terms.chain.text),
      ("amount", Amount(minorUnits: terms.amount, asset: terms.asset).description),
      ("kind", terms.kind.rawValue),
      ("address", terms.address + (terms.attestation == nil ? "" : " (signed)")),
      ("fee", "borne by the \(terms.feePayer.rawValue)"),
      ("requested", "\(terms.requestedAt) by \(terms.requestedBy)"),
      ("not before", terms.notBefore.description),
      (
        "approvals",
        "\(refund.approvers.count) of \(terms.approvalsNeeded)"
          + (refund.approvals.isEmpty ? "" : ": ")
          + refund.approvals.map { $0.by + ($0.proof == nil ? "" : " (signed)") }
          .joined(separator: ", ")
      ),
    ]
    if let reason = terms.reason { lines.append(("reason", reason)) }
    if !refund.outgoing.isEmpty {
      lines.append(("transactions", refund.outgoing.joined(separator: ", ")))
    }
    if let txid = refund.txid { lines.append(("txid", txid)) }
    if let block = refund.block { lines.append(("block", "\(block.height)")) }
    if let failure = refund.failure { lines.append(("failure", failure)) }
    try Answers.writeTable(lines)
  }

  /// Runs `body`, and says in words what can't be done.
  static func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let refusal as RefundRefusal {
      throw CommandFailure(refusal.sentence)
    }
  }
}

extension RefundRefusal {
  var sentence: String {
    switch self {
    case .notFound(let id): "there is no payment or refund \(id)"
    case .unknownChain(let chain): "the configuration has no chain \(chain)"
    case .noAddress: "--address is needed: the payment names no address for refunds"
    case .invalidAddress(let reason): reason
    case .amountMissing: "a partial refund needs --amount"
    case .amountUnexpected: "only a partial refund has --amount"
    case .nothingToRefund:
      "there is nothing to send back: only money that is final can be, and only once"
    case .exceedsReceipts(let amount, let left):
      "\(amount.decimal) is more than the \(left.decimal) minor units left of the final receipts"
    case .amountTooSmall(let minimum):
      "the chain carries nothing below \(minimum.decimal) minor units"
    case .attestationMissing:
      "the tenant's policy wants a signed message that names the address: --attestation"
    case .attestationInvalid(let reason): reason
    case .reasonTooLong(let bytes): "--reason has at most \(bytes) bytes"
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
