internal import Bytes
internal import ChainTypes
internal import Payments
internal import Settlement

/// A payment for people or, as the API tells it, for programs.
enum PaymentOutput {
  static func write(_ payment: Payment, _ format: OutputFormat) throws {
    guard format == .table else {
      return try Answers.writeLines(texts: [PaymentDocument.json(of: payment)])
    }
    let terms = payment.terms
    func amount(_ value: UInt256) -> String {
      Amount(minorUnits: value, asset: terms.asset).description
    }
    var facts: [String] = []
    if payment.isLate { facts.append("late") }
    if payment.isMultiple { facts.append("multiple") }
    if payment.isReplaceable { facts.append("replaceable") }
    if payment.reversals > 0 { facts.append("reversed \(payment.reversals)×") }
    if payment.overpaidBy > .zero { facts.append("overpaid by \(amount(payment.overpaidBy))") }
    if payment.heldValue > .zero { facts.append("\(amount(payment.heldValue)) held") }
    try Answers.writeTable(
      [
        ("payment", terms.id), ("status", payment.status.rawValue),
        ("facts", facts.isEmpty ? "-" : facts.joined(separator: ", ")),
        ("tenant", terms.tenant), ("order", terms.orderID), ("chain", terms.chain.text),
        ("address", "\(terms.address) (ordinal \(terms.ordinal))"),
        ("due", amount(payment.due)), ("received", amount(payment.received)),
        ("confirmed", amount(payment.confirmed)), ("shortfall", amount(payment.shortfall)),
        ("created", terms.createdAt.description), ("expires", terms.expiresAt.description),
        ("confirmations", "\(terms.confirmations), final at \(terms.finality)"),
      ])
    guard !payment.transfers.isEmpty else { return }
    var table = Table("transfer", "state", "block", "amount", "first seen")
    for transfer in payment.transfers {
      table.append(
        transfer.id.description, transfer.state.rawValue,
        transfer.block.map { "\($0.height)" } ?? "-", amount(transfer.value),
        transfer.firstSeen.description)
    }
    try table.write()
  }
}
