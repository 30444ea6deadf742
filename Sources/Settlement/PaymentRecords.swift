internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import Digests
package import EventLog
package import Payments

/// Payments in their tables. A payment is read by applying its facts to its terms; the columns
/// beside them are what queries look at.
package enum PaymentRecords {
  /// Nil where there is no such payment.
  ///
  /// - Parameter locking: holds the payment until the transaction ends: for who changes it
  package static func load(
    _ id: String, locking: Bool = true, in connection: any SQLConnection
  ) throws -> Payment? {
    let row = try connection.queryFirst(
      "SELECT terms FROM payments WHERE payment_id = $1"
        + (locking ? connection.dialect.forUpdate : ""),
      [.text(id)])
    guard let row else { return nil }
    return try replay(id, terms: row.text("terms"), in: connection)
  }

  /// The payment that the stored facts make.
  static func replay(
    _ id: String, terms: String, in connection: any SQLConnection
  ) throws -> Payment {
    let rows = try connection.query(
      "SELECT fact FROM payment_facts WHERE payment_id = $1 ORDER BY number", [.text(id)])
    let facts = try rows.map { try CanonicalJSON.value(PaymentFact.self, from: $0.text("fact")) }
    return try Payment(
      terms: CanonicalJSON.value(PaymentTerms.self, from: terms), facts: facts)
  }

  /// Writes a new payment and tells `payment.created`; asks nothing. Returns its document.
  @discardableResult
  package static func insert(
    _ payment: Payment, now: Timestamp, in connection: any SQLConnection
  ) throws -> String {
    let terms = payment.terms
    let text = try CanonicalJSON.text(terms)
    try connection.submit(
      [
        .text(terms.id), .text(terms.tenant), .text(terms.orderID), .text(terms.chain.text),
        .ordinal(terms.ordinal), .integer(Int64(terms.confirmations)),
        .integer(Int64(terms.finality)), .time(terms.createdAt), .time(terms.expiresAt),
        .text(text), .integer(payment.version), .text(payment.status.rawValue),
        .amount(terms.amount), .amount(payment.received), .amount(payment.confirmed), .flag(false),
        .flag(true), .time(now), .contract(terms.asset.contract),
      ], of: insert)
    let (document, told) = PaymentDocument.both(of: payment, telling: created)
    let draft = draft(
      created, of: payment, cause: cause(terms.id, 0, text), data: told, now: now)
    try EventLog.begin(with: draft, in: connection)
    return document
  }

  private static let created = PaymentEvent(.created, from: .open, to: .open)

  private static let insert = RowStatement.insert(
    into: "payments",
    """
    payment_id, tenant, order_id, chain, ordinal BIGINT, confirmations BIGINT, finality BIGINT, \
    created_at BIGINT, expires_at BIGINT, terms, version BIGINT, status, amount NUMERIC, \
    received NUMERIC, confirmed NUMERIC, deadline_passed BIGINT, holds_order BIGINT, \
    updated_at BIGINT, contract
    """)

  /// Applies a fact: records it, moves the columns, and gives what it tells. The caller appends
  /// the events.
  package static func apply(
    _ fact: PaymentFact, to payment: inout Payment, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> [EventDraft] {
    let before = payment
    let events = try payment.apply(fact)
    let text = try CanonicalJSON.text(fact)
    try connection.execute(
      "INSERT INTO payment_facts (payment_id, number, recorded_at, fact) VALUES ($1, $2, $3, $4)",
      [.text(payment.terms.id), .integer(payment.version), .time(now), .text(text)])
    try update(payment, from: before, now: now, in: connection)
    if before.status == .settled || payment.status == .settled {
      try LedgerRecords.book(
        .settlement(of: payment), of: payment.terms.id, tenant: payment.terms.tenant, now: now,
        in: connection)
    }
    if before.remedy != payment.remedy {
      try setTimer(of: payment, now: now, in: connection)
    }
    return try drafts(events, of: payment, after: text, now: now)
  }

  /// Names only those columns of indexes which change: SQLite writes an index anew for each column
  /// that is named, and to do so the page it lies on.
  private static func update(
    _ payment: Payment, from before: Payment, now: Timestamp, in connection: any SQLConnection
  ) throws {
    var columns = "version = $1, received = $2, confirmed = $3, updated_at = $4"
    var values: [SQLValue] = [
      .integer(payment.version), .amount(payment.received), .amount(payment.confirmed), .time(now),
      .text(payment.terms.id), .integer(before.version),
    ]
    if before.status != payment.status {
      values.append(.text(payment.status.rawValue))
      columns += ", status = $\(values.count)"
    }
    if before.deadlinePassed != payment.deadlinePassed {
      values.append(.flag(payment.deadlinePassed))
      columns += ", deadline_passed = $\(values.count)"
    }
    if payment.status.hasEnded, !before.status.hasEnded { columns += ", holds_order = 0" }
    let changed = try connection.execute(
      "UPDATE payments SET \(columns) WHERE payment_id = $5 AND version = $6", values)
    guard changed == 1 else {
      throw VersionConflict(id: payment.terms.id, expected: before.version)
    }
  }

  /// Sees to it that policies act where they have something to do by now.
  private static func setTimer(
    of payment: Payment, now: Timestamp, in connection: any SQLConnection
  ) throws {
    guard payment.remedy != nil else {
      try connection.execute(
        "DELETE FROM payment_timers WHERE payment_id = $1", [.text(payment.terms.id)])
      return
    }
    try connection.execute(
      """
      INSERT INTO payment_timers (payment_id, due_at) VALUES ($1, $2)
      ON CONFLICT (payment_id) DO UPDATE SET due_at = excluded.due_at
      """, [.text(payment.terms.id), .time(now)])
  }

  // MARK: Events

  /// The first event of a payment; `terms` is their text.
  static func createdDraft(
    of payment: Payment, terms: String, now: Timestamp
  ) throws -> EventDraft {
    try draft(
      created, of: payment, cause: cause(payment.terms.id, 0, terms),
      data: PaymentDocument.json(of: payment, telling: created), now: now)
  }

  /// What a fact, given as its text, has told of `payment`, which is as the fact left it.
  static func drafts(
    _ events: [PaymentEvent], of payment: Payment, after fact: String, now: Timestamp
  ) throws -> [EventDraft] {
    let digest = cause(payment.terms.id, payment.version, fact)
    return try events.map { event in
      try draft(
        event, of: payment, cause: digest,
        data: PaymentDocument.json(of: payment, telling: event), now: now)
    }
  }

  private static func draft(
    _ event: PaymentEvent, of payment: Payment, cause: Hash32, data: String, now: Timestamp
  ) -> EventDraft {
    EventDraft(
      type: event.kind.type, subject: payment.terms.id, tenant: payment.terms.tenant, cause: cause,
      time: now, data: data)
  }

  /// What tells a fact from every other: its payment, its number and its text.
  private static func cause(_ id: String, _ number: Int64, _ text: String) -> Hash32 {
    SHA256.hash(Array("\(id)\n\(number)\n\(text)".utf8))
  }
}

/// Another writer has changed the payment meanwhile.
package struct VersionConflict: Error, Equatable {
  package let id: String
  package let expected: Int64
}
