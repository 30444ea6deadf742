internal import Bytes
package import ChainTypes
package import Database
internal import Digests
internal import EventLog

/// Records and their facts in their tables, with the events that they tell.
///
/// The facts are what happened. The row is made of them: the state that they have come to, and
/// columns for queries. A fact, the row that it leads to and the events that it tells are written
/// in one transaction, by a writer that knew the version before; rows can be made again at any time
/// (`rebuild`).
package struct RecordStore<Record: Recorded>: Sendable {
  package init() {}

  var names: RecordNames { Record.names }

  package func order(_ dialect: SQLDialect) -> ReadingOrder {
    ReadingOrder(dialect, table: names.table, id: names.id, prefix: names.prefix)
  }

  // MARK: Writing

  /// Writes the record that a first fact founds, and tells it as `created`.
  package func found(
    _ fact: Record.Fact, now: Timestamp, in connection: any SQLConnection
  ) throws -> Record {
    let record = try Record(founding: fact, at: now)
    ChangedKeys.current?.note(record.cacheKeys)
    try insert(record, updatedAt: now, in: connection)
    try note(fact, of: record, before: nil, telling: ["created"], now: now, in: connection)
    return record
  }

  /// Applies a fact: records it, moves the row, and tells what there is to tell. False where
  /// nothing has changed, and nothing was written.
  ///
  /// - Parameter record: as `load` gave it in this transaction
  @discardableResult
  package func apply(
    _ fact: Record.Fact, to record: inout Record, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Bool {
    let before = record
    let words = try record.apply(fact, at: now)
    guard !words.isEmpty else { return false }
    ChangedKeys.current?.note(before.cacheKeys + record.cacheKeys)
    let values = try movingValues(of: record, updatedAt: now)
    let set = values.enumerated().map { "\($0.element.name) = $\($0.offset + 1)" }
    let changed = try connection.execute(
      """
      UPDATE \(names.table) SET \(set.joined(separator: ", "))
      WHERE \(names.id) = $\(values.count + 1) AND version = $\(values.count + 2)
      """,
      values.map(\.value) + [.text(record.id), .integer(before.version)])
    guard changed == 1 else {
      throw RecordVersionConflict(id: record.id, expected: before.version)
    }
    try note(fact, of: record, before: before, telling: words, now: now, in: connection)
    return true
  }

  private func note(
    _ whole: Record.Fact, of record: Record, before: Record?, telling types: [String],
    now: Timestamp, in connection: any SQLConnection
  ) throws {
    let (fact, words) = names.words == nil ? (fact: whole, words: [:]) : Record.parting(whole)
    let text = try CanonicalJSON.text(fact)
    try connection.execute(
      "INSERT INTO \(names.facts) (\(names.id), number, recorded_at, fact) VALUES ($1, $2, $3, $4)",
      [
        .text(record.id), .integer(record.version), .integer(now.microseconds), .text(text),
      ])
    try note(words, of: record, in: connection)
    // What tells a fact from every other: its record, its number and its text.
    let cause = SHA256.hash(Array("\(record.id)\n\(record.version)\n\(text)".utf8))
    let data = record.document(telling: RecordStep(before: before, fact: whole))
    try EventLog.append(
      types.map { word in
        EventDraft(
          type: "\(names.event).\(word)", subject: record.id, tenant: record.tenant, cause: cause,
          time: now, data: data)
      }, in: connection)
  }

  // MARK: Words

  private func note(
    _ words: [String: String], of record: Record, in connection: any SQLConnection
  ) throws {
    guard let table = names.words, !words.isEmpty else { return }
    try connection.execute(
      "INSERT INTO \(table) (\(names.id), number, words) VALUES ($1, $2, $3)",
      [.text(record.id), .integer(record.version), .text(try CanonicalJSON.text(words))])
  }

  /// Forgets what the record's facts say of people. The facts stay, and make the same record from
  /// the one on that asked for this.
  package func forgetWords(of id: String, in connection: any SQLConnection) throws {
    guard let table = names.words else { return }
    try connection.execute("DELETE FROM \(table) WHERE \(names.id) = $1", [.text(id)])
  }

  /// Of the facts with these numbers.
  private func words(
    of id: String, _ numbers: ClosedRange<Int64>, in connection: any SQLConnection
  ) throws -> [Int64: [String: String]] {
    guard let table = names.words else { return [:] }
    let rows = try connection.query(
      "SELECT number, words FROM \(table) WHERE \(names.id) = $1 AND number BETWEEN $2 AND $3",
      [.text(id), .integer(numbers.lowerBound), .integer(numbers.upperBound)]
    ).map { row in
      (
        try row.integer("number"),
        try CanonicalJSON.value([String: String].self, from: row.text("words"))
      )
    }
    return Dictionary(rows) { first, _ in first }
  }

  // MARK: Reading

  /// Nil where there is no such record, or none of the tenant's.
  ///
  /// - Parameter locking: holds it until the transaction ends: for who changes it
  package func load(
    _ id: String, tenant: String?, locking: Bool = true, in connection: any SQLConnection
  ) throws -> Record? {
    let row = try connection.queryFirst(
      "SELECT state FROM \(names.table) WHERE \(names.id) = $1"
        + (locking ? connection.dialect.forUpdate : ""),
      [.text(id)])
    guard let row else { return nil }
    let record = try CanonicalJSON.value(Record.self, from: row.text("state"))
    return tenant == nil || record.tenant == tenant ? record : nil
  }

  /// Records in the order in which they were made: the next `limit` after `id` that have these
  /// values. Who goes on behind the last one it got misses none.
  package func page(
    where values: [(column: String, value: SQLValue)], after id: String?, limit: Int,
    in connection: any SQLConnection
  ) throws -> [Record] {
    try order(connection.dialect).rows(
      "state", where: values, after: id, limit: limit, in: connection
    ).map { try CanonicalJSON.value(Record.self, from: $0.text("state")) }
  }

  /// Whether a page shows all records with these values that were there when it was read: what it
  /// is made of is noted as changed by whoever changes it later.
  package func isSettled(
    where values: [(column: String, value: SQLValue)], in connection: any SQLConnection
  ) throws -> Bool {
    try order(connection.dialect).isSettled(where: values, in: connection)
  }

  /// The record's facts in their order: at most `limit` of them behind the one of this number.
  package func facts(
    of id: String, after number: Int64 = 0, limit: Int = .max, in connection: any SQLConnection
  ) throws -> [RecordedFact<Record.Fact>] {
    let facts = try connection.query(
      """
      SELECT number, recorded_at, fact FROM \(names.facts)
      WHERE \(names.id) = $1 AND number > $2 ORDER BY number LIMIT $3
      """, [.text(id), .integer(number), .integer(Int64(limit))]
    ).map(Self.fact)
    guard let first = facts.first, let last = facts.last else { return [] }
    let words = try words(of: id, first.number...last.number, in: connection)
    return facts.map { recorded in
      guard let words = words[recorded.number] else { return recorded }
      return RecordedFact(
        number: recorded.number, time: recorded.time,
        fact: Record.joining(words, to: recorded.fact))
    }
  }

  /// The last `limit` of the record's facts before the one of this number, the latest first,
  /// without words that are kept apart.
  ///
  /// - Parameter passedOver: the names of cases that aren't wanted, with which facts' texts begin
  package func latestFacts(
    of id: String, before number: Int64?, passingOver passedOver: [String], limit: Int,
    in connection: any SQLConnection
  ) throws -> [RecordedFact<Record.Fact>] {
    let kinds = passedOver.map { #" AND fact NOT LIKE '{"\#($0)":%'"# }.joined()
    return try connection.query(
      """
      SELECT number, recorded_at, fact FROM \(names.facts)
      WHERE \(names.id) = $1 AND number < $2\(kinds) ORDER BY number DESC LIMIT $3
      """, [.text(id), .integer(number ?? .max), .integer(Int64(limit))]
    ).map(Self.fact)
  }

  private static func fact(_ row: SQLRow) throws -> RecordedFact<Record.Fact> {
    RecordedFact(
      number: try row.integer("number"),
      time: Timestamp(microseconds: try row.integer("recorded_at")),
      fact: try CanonicalJSON.value(Record.Fact.self, from: row.text("fact")))
  }

  // MARK: Rows

  /// What stands in the row and never changes, the key first.
  private func fixedValues(of record: Record) -> [(name: String, value: SQLValue)] {
    [(names.id, .text(record.id)), ("tenant", .text(record.tenant))] + record.fixedColumns
  }

  private func movingValues(
    of record: Record, updatedAt: Timestamp
  ) throws -> [(name: String, value: SQLValue)] {
    [
      ("version", .integer(record.version)), ("updated_at", .integer(updatedAt.microseconds)),
      ("state", .text(try CanonicalJSON.text(record))),
    ] + record.columns
  }

  /// The whole row.
  func values(
    of record: Record, updatedAt: Timestamp
  ) throws -> [(name: String, value: SQLValue)] {
    try fixedValues(of: record) + movingValues(of: record, updatedAt: updatedAt)
  }

  /// - Parameter conflict: what is to be done where there is a row
  func insert(
    _ record: Record, updatedAt: Timestamp, onConflict conflict: String = "",
    in connection: any SQLConnection
  ) throws {
    let values = try values(of: record, updatedAt: updatedAt)
    let columns = values.map(\.name).joined(separator: ", ")
    let parameters = values.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    try connection.execute(
      "INSERT INTO \(names.table) (\(columns)) VALUES (\(parameters)) \(conflict)",
      values.map(\.value))
  }
}

/// Another writer has changed the record meanwhile.
package struct RecordVersionConflict: Error, Equatable {
  package let id: String
  package let expected: Int64

  package init(id: String, expected: Int64) {
    self.id = id
    self.expected = expected
  }
}
