internal import Aggregates
internal import Bytes
internal import ChainTypes
package import Database
internal import Digests
internal import EventLog
package import Payments

/// Refunds in their tables: terms, facts, and what these make of them, as with payments.
package enum RefundRecords {
  static func statements(_ dialect: SQLDialect) -> [String] {
    let (integer, amount) = (dialect.integer, dialect.amount)
    // Decimal texts without leading zeros: the longer one is more.
    let isWithin =
      dialect == .postgreSQL
      ? "taken <= receipts"
      : """
      length(taken) < length(receipts)
              OR (length(taken) = length(receipts) AND taken <= receipts)
      """
    let tables = [
      dialect.createTable(
        "refunds",
        """
          refund_id TEXT PRIMARY KEY,
          payment_id TEXT NOT NULL REFERENCES payments (payment_id),
          tenant TEXT NOT NULL,
          chain TEXT NOT NULL,
          contract TEXT NOT NULL,
          amount \(amount) NOT NULL,
          status TEXT NOT NULL,
          version \(integer) NOT NULL CHECK (version >= 0),
          not_before \(integer) NOT NULL,
          terms TEXT NOT NULL,
          updated_at \(integer) NOT NULL
        """),
      "CREATE INDEX refunds_by_tenant ON refunds (tenant, refund_id)",
      "CREATE INDEX refunds_of_payment ON refunds (payment_id, refund_id)",
      "CREATE INDEX refunds_by_status ON refunds (status, chain, refund_id)",
      dialect.createTable(
        "refund_facts",
        """
          refund_id TEXT NOT NULL REFERENCES refunds (refund_id),
          number \(integer) NOT NULL CHECK (number >= 1),
          recorded_at \(integer) NOT NULL,
          fact TEXT NOT NULL,
          PRIMARY KEY (refund_id, number)
        """),
      // What a payment had finally received when a refund of it was requested last, and what live
      // refunds take of that: the database itself refuses more.
      dialect.createTable(
        "refund_caps",
        """
          payment_id TEXT PRIMARY KEY REFERENCES payments (payment_id),
          receipts \(amount) NOT NULL,
          taken \(amount) NOT NULL,
          CHECK (\(isWithin))
        """),
      // Payments that policies have something to do about, from a moment on.
      dialect.createTable(
        "payment_timers",
        """
          payment_id TEXT PRIMARY KEY REFERENCES payments (payment_id),
          due_at \(integer) NOT NULL
        """),
      "CREATE INDEX payment_timers_due ON payment_timers (due_at, payment_id)",
    ]
    guard dialect == .postgreSQL else { return tables }
    func ofPayment(_ table: String) -> String {
      "EXISTS (SELECT 1 FROM payments WHERE payments.payment_id = \(table).payment_id)"
    }
    return tables
      + RowSecurity.protect(
        "refunds", rows: "tenant = \(RowSecurity.currentTenant)",
        granting: "SELECT, INSERT", "UPDATE (status, version, updated_at)")
      + RowSecurity.protect(
        "refund_facts",
        rows: "EXISTS (SELECT 1 FROM refunds WHERE refunds.refund_id = refund_facts.refund_id)",
        granting: "SELECT, INSERT")
      + RowSecurity.protect(
        "refund_caps", rows: ofPayment("refund_caps"),
        granting: "SELECT, INSERT", "UPDATE (receipts, taken)")
      + RowSecurity.protect(
        "payment_timers", rows: ofPayment("payment_timers"),
        granting: "SELECT, INSERT, DELETE", "UPDATE (due_at)")
  }

  /// Nil where there is no such refund.
  ///
  /// - Parameter locking: holds it until the transaction ends: for who changes it
  package static func load(
    _ id: String, locking: Bool = true, in connection: any SQLConnection
  ) throws -> Refund? {
    let row = try connection.queryFirst(
      "SELECT terms FROM refunds WHERE refund_id = $1"
        + (locking ? connection.dialect.forUpdate : ""), [.text(id)])
    guard let row else { return nil }
    return try replay(id, terms: row.text("terms"), in: connection)
  }

  static func replay(
    _ id: String, terms: String, in connection: any SQLConnection
  ) throws -> Refund {
    let rows = try connection.query(
      "SELECT fact FROM refund_facts WHERE refund_id = $1 ORDER BY number", [.text(id)])
    let facts = try rows.map { try CanonicalJSON.value(RefundFact.self, from: $0.text("fact")) }
    return try Refund(terms: CanonicalJSON.value(RefundTerms.self, from: terms), facts: facts)
  }

  /// Writes a new refund; what it tells.
  static func insert(
    _ refund: Refund, now: Timestamp, in connection: any SQLConnection
  ) throws -> [EventDraft] {
    let terms = refund.terms
    let text = try CanonicalJSON.text(terms)
    try connection.execute(
      """
      INSERT INTO refunds (refund_id, payment_id, tenant, chain, contract, amount, status, version,
        not_before, terms, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      """,
      [
        .text(terms.id), .text(terms.payment), .text(terms.tenant), .text(terms.chain.text),
        .contract(terms.asset.contract), .amount(terms.amount), .text(refund.status.rawValue),
        .integer(refund.version), .time(terms.notBefore), .text(text), .time(now),
      ])
    return try createdDrafts(of: refund, terms: text, now: now)
  }

  /// Applies a fact: records it, moves the columns, tells the payment where the refund's part in it
  /// changes, and gives what it tells.
  static func apply(
    _ fact: RefundFact, to refund: inout Refund, now: Timestamp, in connection: any SQLConnection
  ) throws -> [EventDraft] {
    let before = refund
    let reached = try refund.apply(fact)
    let text = try CanonicalJSON.text(fact)
    try connection.execute(
      "INSERT INTO refund_facts (refund_id, number, recorded_at, fact) VALUES ($1, $2, $3, $4)",
      [.text(refund.terms.id), .integer(refund.version), .time(now), .text(text)])
    let changed = try connection.execute(
      """
      UPDATE refunds SET status = $1, version = $2, updated_at = $3
      WHERE refund_id = $4 AND version = $5
      """,
      [
        .text(refund.status.rawValue), .integer(refund.version), .time(now),
        .text(refund.terms.id), .integer(before.version),
      ])
    guard changed == 1 else {
      throw VersionConflict(id: refund.terms.id, expected: before.version)
    }
    var drafts = try drafts(reached, of: refund, from: before.status, after: text, now: now)
    if before.outcome != refund.outcome {
      drafts += try tell(refund, now: now, in: connection)
    }
    return drafts
  }

  /// Tells the payment what became of its refund.
  private static func tell(
    _ refund: Refund, now: Timestamp, in connection: any SQLConnection
  ) throws -> [EventDraft] {
    guard var payment = try PaymentRecords.load(refund.terms.payment, in: connection) else {
      throw CorruptRow.column("payment_id")
    }
    let drafts = try PaymentRecords.apply(
      .refundChanged(id: refund.terms.id, to: refund.outcome), to: &payment, now: now,
      in: connection)
    // What it had received stands as it was: a deep reorg may have taken it back since.
    try connection.execute(
      "UPDATE refund_caps SET taken = $1 WHERE payment_id = $2",
      [.amount(payment.refundsTaken), .text(payment.terms.id)])
    return drafts
  }

  /// Holds what the payment's refunds take against what it has received by now, in the table that
  /// refuses more.
  static func takeCap(of payment: Payment, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO refund_caps (payment_id, receipts, taken) VALUES ($1, $2, $3)
      ON CONFLICT (payment_id) DO UPDATE SET receipts = excluded.receipts, taken = excluded.taken
      """,
      [
        .text(payment.terms.id), .amount(payment.finalReceipts), .amount(payment.refundsTaken),
      ])
  }
}

extension Refund {
  /// What its payment knows of it.
  var outcome: RefundOutcome { status.outcome }
}

extension RefundStatus {
  /// What the payment knows of a refund that stands so.
  var outcome: RefundOutcome {
    switch self {
    case .final: .paid
    case .failed, .canceled: .ended
    default: .pending
    }
  }
}

// MARK: Events

extension RefundRecords {
  /// The first events of a refund; `terms` is their text.
  static func createdDrafts(
    of refund: Refund, terms: String, now: Timestamp
  ) throws -> [EventDraft] {
    let isApproved = refund.terms.approvalsNeeded == 0
    let digest = cause(refund.terms.id, 0, terms)
    return try ([.requested] + (isApproved ? [.approved] : [])).map {
      try draft($0, of: refund, from: nil, cause: digest, now: now)
    }
  }

  /// What a fact, given as its text, has told of `refund`, which is as the fact left it.
  static func drafts(
    _ reached: [RefundStatus], of refund: Refund, from: RefundStatus, after fact: String,
    now: Timestamp
  ) throws -> [EventDraft] {
    let digest = cause(refund.terms.id, refund.version, fact)
    return try reached.map { try draft($0, of: refund, from: from, cause: digest, now: now) }
  }

  private static func draft(
    _ status: RefundStatus, of refund: Refund, from: RefundStatus?, cause: Hash32, now: Timestamp
  ) throws -> EventDraft {
    EventDraft(
      type: status.eventType, subject: refund.terms.id, tenant: refund.terms.tenant, cause: cause,
      time: now, data: try RefundDocument.json(of: refund, telling: status, from: from))
  }

  private static func cause(_ id: String, _ number: Int64, _ text: String) -> Hash32 {
    SHA256.hash(Array("\(id)\n\(number)\n\(text)".utf8))
  }
}
