internal import Aggregates
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Digests
internal import EventLog
internal import Payments
internal import Watching

// Coin that came without transfers. It is booked beside the payments: none ever counts it.
extension StepWriter {
  /// Takes back what blocks brought that left the active chain, and books what came.
  ///
  /// - Parameter tip: as the step leaves it
  func writeIncomes(at tip: BlockRef) throws -> [EventDraft] {
    var drafts: [EventDraft] = []
    for link in step.disconnected {
      for income in try IncomeRecords.remove(in: link.ref, of: step.chain, in: connection) {
        try bookEntry(of: income)
        drafts.append(try incomeDraft("income.reversed", income))
      }
    }
    for income in step.incomes {
      guard income.source != .unattributed || income.block == tip else {
        // Whoever proved a balance did so at another block than the one whose transfers are known.
        throw StaleCursor(chain: step.chain, expected: step.expectedVersion)
      }
      guard try book(income) else { continue }
      try bookEntry(of: income)
      _ = try touch(income.ordinal)
      let isAlert = income.source == .unattributed
      drafts.append(try incomeDraft(isAlert ? "income.unattributed" : "income.booked", income))
    }
    return drafts
  }

  private func book(_ income: AddressIncome) throws -> Bool {
    try IncomeRecords.book(
      income, chain: step.chain, family: spec.family.name, now: step.now, in: connection)
  }

  /// Books what stands of an income in its table by now.
  private func bookEntry(of income: AddressIncome) throws {
    let row = try connection.queryFirst(
      """
      SELECT value FROM incomes
      WHERE chain = $1 AND block_height = $2 AND ordinal = $3 AND source = $4
      """,
      [
        .text(step.chain.text), .integer(Int64(income.block.height)), .ordinal(income.ordinal),
        .text(income.source.description),
      ])
    let subject = LedgerRecords.incomeSubject(
      step.chain, height: Int64(income.block.height), ordinal: Int64(clamping: income.ordinal),
      income.source.description)
    try LedgerRecords.book(
      .income(try row?.amount("value") ?? .zero, on: step.chain), of: subject,
      tenant: tenant(of: income.ordinal), now: step.now, in: connection)
  }

  /// A transfer that is found belatedly may be what an unattributed income was: of that stays what
  /// it doesn't explain.
  func attribute(_ change: TransferChange) throws -> [EventDraft] {
    let transfer = change.after
    guard case .ethereum = spec.family, transfer.contract == nil, let block = transfer.state.block,
      transfer.state.isInActiveChain, change.isNews
    else { return [] }
    var drafts: [EventDraft] = []
    var rest = transfer.value
    let incomes = try IncomeRecords.unattributed(
      of: transfer.ordinal, family: spec.family.name, on: step.chain, fromHeight: block.height,
      in: connection)
    for income in incomes where rest > .zero {
      try IncomeRecords.remove(income, of: step.chain, in: connection)
      try bookEntry(of: income)
      drafts.append(try incomeDraft("income.reversed", income))
      if income.value > rest {
        let remainder = AddressIncome(
          block: income.block, ordinal: income.ordinal, source: .unattributed,
          value: income.value.subtractingOrZero(rest))
        _ = try book(remainder)
        try bookEntry(of: remainder)
        drafts.append(try incomeDraft("income.unattributed", remainder))
      }
      rest = rest.subtractingOrZero(income.value)
    }
    return drafts
  }

  private func incomeDraft(_ type: String, _ income: AddressIncome) throws -> EventDraft {
    let row = try connection.queryFirst(
      """
      SELECT addresses.address, payments.payment_id, payments.tenant FROM addresses
      LEFT JOIN payments ON payments.payment_id = addresses.payment_id
      WHERE addresses.family = $1 AND addresses.ordinal = $2
      """, [.text(spec.family.name), .ordinal(income.ordinal)])
    guard let row else { throw CorruptRow.column("ordinal") }
    let body = IncomeEvent(
      chain: step.chain.text, address: try row.text("address"),
      source: income.source.description, paymentID: try row.optionalText("payment_id"),
      amountMinor: income.value.decimal, blockHeight: income.block.height,
      blockHash: income.block.hash.text(form))
    let (subject, text) = (
      "\(body.chain)/\(body.address)", try CanonicalJSON.document(body)
    )
    // The cursor's version makes the same thing happening twice two events.
    let cause = SHA256.hash(Array("\(subject)\n\(step.expectedVersion)\n\(text)".utf8))
    return EventDraft(
      type: type, subject: subject, tenant: try row.optionalText("tenant"), cause: cause,
      time: step.now, data: text)
  }
}

extension TransferChange {
  /// Whether nothing was known of the transfer that explained a balance.
  fileprivate var isNews: Bool {
    guard let before else { return true }
    if case .quarantined(.dust) = before.state { return false }
    return !before.state.isInActiveChain
  }
}

/// The data of an `income.*` event.
private struct IncomeEvent: Encodable {
  let chain: String
  let address: String
  let source: String
  let paymentID: String?
  let amountMinor: String
  let blockHeight: UInt32
  let blockHash: String
}
