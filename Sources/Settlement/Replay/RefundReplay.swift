internal import Aggregates
internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments

/// The check of one refund: terms and facts against its row and its events.
struct RefundReplay {
  private let row: SQLRow
  private let connection: any SQLConnection
  private let id: String
  private var differences: [String] = []
  /// Where the event log isn't what the facts have told.
  private(set) var eventDifferences: [String] = []
  private var events: EventReplay

  init(row: SQLRow, connection: any SQLConnection) throws {
    self.row = row
    self.connection = connection
    id = try row.text("refund_id")
    events = try EventReplay(of: id, in: connection)
  }

  /// Where the tables aren't what the facts make.
  mutating func run() throws -> [String] {
    let text = try row.text("terms")
    let terms = try CanonicalJSON.value(RefundTerms.self, from: text)
    expect("terms", try CanonicalJSON.text(terms), found: text)
    var refund = Refund(terms: terms)
    var updatedAt = terms.requestedAt
    eventDifferences += try events.compare(
      RefundRecords.createdDrafts(of: refund, terms: text, now: updatedAt))

    let facts = try connection.query(
      "SELECT number, recorded_at, fact FROM refund_facts WHERE refund_id = $1 ORDER BY number",
      [.text(id)])
    for stored in facts {
      let text = try stored.text("fact")
      let fact = try CanonicalJSON.value(RefundFact.self, from: text)
      expect("fact \(refund.version + 1)", try CanonicalJSON.text(fact), found: text)
      updatedAt = try stored.time("recorded_at")
      let before = refund.status
      do {
        let reached = try refund.apply(fact)
        eventDifferences += try events.compare(
          RefundRecords.drafts(reached, of: refund, from: before, after: text, now: updatedAt))
      } catch let error as RefundError {
        differences.append("\(id): fact \(refund.version + 1) can't be applied: \(error)")
        return differences
      }
      expect("number of a fact", refund.version, found: try stored.integer("number"))
    }
    eventDifferences += try events.finish()
    try compareColumns(refund, updatedAt: updatedAt)
    return differences
  }

  private mutating func compareColumns(_ refund: Refund, updatedAt: Timestamp) throws {
    let terms = refund.terms
    expect("refund_id", terms.id, found: id)
    expect("payment_id", terms.payment, found: try row.text("payment_id"))
    expect("tenant", terms.tenant, found: try row.text("tenant"))
    expect("chain", terms.chain.text, found: try row.text("chain"))
    expect("contract", terms.asset.contract, found: try row.contract("contract"))
    expect("amount", terms.amount, found: try row.amount("amount"))
    expect("not_before", terms.notBefore, found: try row.time("not_before"))
    expect("status", refund.status.rawValue, found: try row.text("status"))
    expect("version", refund.version, found: try row.integer("version"))
    expect("updated_at", updatedAt, found: try row.time("updated_at"))
  }

  private mutating func expect<Value: Equatable>(
    _ name: String, _ expected: Value, found: Value
  ) {
    guard expected != found else { return }
    differences.append("\(id): \(name) is \(found), the facts make \(expected)")
  }
}
