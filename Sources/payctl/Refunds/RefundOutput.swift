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
    if let arrived = refund.arrived {
      lines.append(
        ("arrived", Amount(minorUnits: arrived, asset: terms.asset).description))
    }
    if let failure = refund.failure { lines.append(("failure", failure)) }
    try Answers.writeTable(lines)
  }

  /// Runs `body`, and says in words what can't be done.
  static func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let refusal as RefundRefusal {
      throw CommandFailure("\(refusal)")
    }
  }
}
