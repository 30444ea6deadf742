internal import Aggregates
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Payments

/// The check of one payment.
struct PaymentReplay {
  private let row: SQLRow
  private let connection: any SQLConnection
  private let id: String
  private var differences: [String] = []
  /// Where the event log isn't what the facts have told.
  private(set) var eventDifferences: [String] = []
  private var events: EventReplay
  /// What it had finally received when its last refund was requested.
  private var capReceipts: UInt256?

  init(row: SQLRow, connection: any SQLConnection) throws {
    self.row = row
    self.connection = connection
    id = try row.text("payment_id")
    events = try EventReplay(of: id, in: connection)
  }

  /// Where the tables aren't what the facts make.
  mutating func run() throws -> [String] {
    let text = try row.text("terms")
    let terms = try CanonicalJSON.value(PaymentTerms.self, from: text)
    expect("terms", try CanonicalJSON.text(terms), found: text)
    var payment = Payment(terms: terms)
    var updatedAt = terms.createdAt
    var hasEnded = payment.status.hasEnded
    eventDifferences += try events.compare([
      PaymentRecords.createdDraft(of: payment, terms: text, now: updatedAt)
    ])

    let facts = try connection.query(
      "SELECT number, recorded_at, fact FROM payment_facts WHERE payment_id = $1 ORDER BY number",
      [.text(id)])
    for stored in facts {
      let text = try stored.text("fact")
      let fact = try CanonicalJSON.value(PaymentFact.self, from: text)
      expect("fact \(payment.version + 1)", try CanonicalJSON.text(fact), found: text)
      updatedAt = try stored.time("recorded_at")
      do {
        let told = try payment.apply(fact)
        eventDifferences += try events.compare(
          PaymentRecords.drafts(told, of: payment, after: text, now: updatedAt))
      } catch let error as PaymentError {
        differences.append("\(id): fact \(payment.version + 1) can't be applied: \(error)")
        return differences
      }
      expect("number of a fact", payment.version, found: try stored.integer("number"))
      hasEnded = hasEnded || payment.status.hasEnded
      if case .refundRequested = fact { capReceipts = payment.finalReceipts }
    }
    eventDifferences += try events.finish()

    try compareTerms(terms)
    try compareColumns(payment, hasEnded: hasEnded, updatedAt: updatedAt)
    try compareAddress(terms)
    try compareTransfers(payment)
    try compareRefunds(payment)
    return differences
  }

  private mutating func expect<Value: Equatable>(
    _ name: String, _ expected: Value, found: Value
  ) {
    guard expected != found else { return }
    differences.append("\(id): \(name) is \(found), the facts make \(expected)")
  }

  // MARK: Columns

  private mutating func compareTerms(_ terms: PaymentTerms) throws {
    expect("payment_id", terms.id, found: id)
    expect("tenant", terms.tenant, found: try row.text("tenant"))
    expect("order_id", terms.orderID, found: try row.text("order_id"))
    expect("chain", terms.chain.text, found: try row.text("chain"))
    expect("ordinal", terms.ordinal, found: try row.ordinal("ordinal"))
    expect("confirmations", terms.confirmations, found: try row.uint32("confirmations"))
    expect("finality", terms.finality, found: try row.uint32("finality"))
    expect("created_at", terms.createdAt, found: try row.time("created_at"))
    expect("expires_at", terms.expiresAt, found: try row.time("expires_at"))
    expect("amount", terms.amount, found: try row.amount("amount"))
  }

  private mutating func compareColumns(
    _ payment: Payment, hasEnded: Bool, updatedAt: Timestamp
  ) throws {
    expect("version", payment.version, found: try row.integer("version"))
    expect("status", payment.status.rawValue, found: try row.text("status"))
    expect("received", payment.received, found: try row.amount("received"))
    expect("confirmed", payment.confirmed, found: try row.amount("confirmed"))
    expect("deadline_passed", payment.deadlinePassed, found: try row.flag("deadline_passed"))
    expect("holds_order", !hasEnded, found: try row.flag("holds_order"))
    expect("updated_at", updatedAt, found: try row.time("updated_at"))
  }

  // MARK: Address and transfers

  private mutating func compareAddress(_ terms: PaymentTerms) throws {
    let rows = try connection.query(
      "SELECT ordinal, address FROM addresses WHERE payment_id = $1", [.text(id)])
    expect(
      "ordinals of its addresses", [terms.ordinal],
      found: try rows.map { try $0.ordinal("ordinal") })
    expect("addresses", [terms.address], found: try rows.map { try $0.text("address") })
  }

  /// What the payment knows of its transfers is what stands in their table; its address may have
  /// been paid in other assets besides.
  private mutating func compareTransfers(_ payment: Payment) throws {
    let stored = try TransferRecords.paying(
      payment.terms.ordinal, on: payment.terms.chain, in: connection
    ).filter { $0.contract == payment.terms.asset.contract }
    var known = Dictionary(payment.transfers.map { ($0.id, $0) }) { first, _ in first }
    for tracked in stored {
      let transfer = try PaymentTransfer(tracked)
      guard let own = known.removeValue(forKey: transfer.id) else {
        // What never counted is recorded beside the payment only.
        if transfer.state != .quarantined, transfer.state != .failed,
          try !OutgoingRecords.isFunding(transfer.id, in: connection)
        {
          differences.append("\(id): doesn't know the transfer \(transfer.id)")
        }
        continue
      }
      expect("state of \(own.id)", own.state, found: transfer.state)
      expect("value of \(own.id)", own.value, found: transfer.value)
      expect("block of \(own.id)", own.block, found: transfer.block)
      expect("first_seen of \(own.id)", own.firstSeen, found: transfer.firstSeen)
    }
    // What a reorg took back may pay another in its new block, or in another asset.
    for transfer in known.values.filter(\.state.counts).map(\.id.description).sorted() {
      differences.append("\(id): counts \(transfer), which isn't recorded")
    }
  }

  // MARK: Refunds

  /// What the payment knows of its refunds is what stands in their table, and the database's own
  /// cap holds just that.
  private mutating func compareRefunds(_ payment: Payment) throws {
    let rows = try connection.query(
      "SELECT refund_id, amount, status FROM refunds WHERE payment_id = $1", [.text(id)])
    var stored: [String: (amount: UInt256, outcome: RefundOutcome)] = [:]
    for row in rows {
      guard let status = RefundStatus(rawValue: try row.text("status")) else {
        throw CorruptRow.column("status")
      }
      stored[try row.text("refund_id")] = (try row.amount("amount"), status.outcome)
    }
    for refund in payment.refunds {
      guard let found = stored.removeValue(forKey: refund.id) else {
        differences.append("\(id): its refund \(refund.id) isn't recorded")
        continue
      }
      expect("amount of \(refund.id)", refund.amount, found: found.amount)
      expect("outcome of \(refund.id)", refund.outcome, found: found.outcome)
    }
    for unknown in stored.keys.sorted() {
      differences.append("\(id): doesn't know the refund \(unknown)")
    }
    let cap = try connection.queryFirst(
      "SELECT receipts, taken FROM refund_caps WHERE payment_id = $1", [.text(id)])
    expect(
      "taken of its cap", payment.refunds.isEmpty ? nil : payment.refundsTaken,
      found: try cap?.amount("taken"))
    expect("receipts of its cap", capReceipts, found: try cap?.amount("receipts"))
  }
}

extension PaymentTransfer.State {
  /// Whether its value is there, as far as is known.
  fileprivate var counts: Bool {
    switch self {
    case .seen, .included, .confirmed, .final, .released: true
    case .replaced, .dropped, .orphaned, .failed, .quarantined, .refunded: false
    }
  }
}
