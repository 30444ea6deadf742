internal import ChainTypes
package import Database

/// What making rows again from the facts has come to.
package struct RebuildReport: Sendable, Equatable {
  package var records = 0
  /// Of which the row was missing or wasn't what the facts make; and rows without facts.
  package var differing: [String] = []

  package init(records: Int = 0, differing: [String] = []) {
    self.records = records
    self.differing = differing
  }
}

extension RecordStore {
  /// How many records go over in one transaction: writers of one of them wait for that.
  private static var batch: Int { 200 }
  /// How many facts are in memory at a time. A record with more is folded without holding it, page
  /// by page; then only what has come since.
  private static var page: Int { 1_000 }

  /// How far a record's facts are folded.
  private struct Folding {
    var record: Record?
    /// Of the last fact.
    var time = Timestamp(microseconds: 0)
    /// Whether there was no fact behind those.
    var isWhole = false
  }

  /// Folds all facts, and compares the rows with what they make; with `writing` puts what differs
  /// right. Beside writers; each transaction holds the rows that it looks at.
  ///
  /// - Parameter onRecord: runs in the transaction for each record that was put right
  package func rebuild(
    _ database: any Database, writing: Bool,
    onRecord: @escaping @Sendable (Record, any SQLConnection) throws -> Void = { _, _ in }
  ) async throws -> RebuildReport {
    var report = RebuildReport()
    var after = ""
    while true {
      let from = after
      let (ids, long) = try await database.read { try next(after: from, in: $0) }
      guard let last = ids.last else { break }
      report.records += ids.count
      let short = ids.filter { !long.contains($0) }
      var differing = try await database.write { connection in
        try short.filter {
          try step($0, from: Folding(), writing: writing, onRecord: onRecord, in: connection)
        }
      }
      for id in long {
        let known = try await folding(id, in: database)
        let differs = try await database.write {
          try step(id, from: known, writing: writing, onRecord: onRecord, in: $0)
        }
        if differs { differing.append(id) }
      }
      report.differing += differing.sorted()
      after = last
    }
    report.differing += try await database.write { connection in
      let orphans = try connection.query(
        """
        SELECT \(names.id) AS id FROM \(names.table) WHERE NOT EXISTS (
          SELECT 1 FROM \(names.facts) WHERE \(names.facts).\(names.id) = \(names.table).\(names.id))
        ORDER BY 1
        """
      ).map { try $0.text("id") }
      if writing {
        for id in orphans {
          try noteStored(id, in: connection)
          try connection.execute("DELETE FROM \(names.table) WHERE \(names.id) = $1", [.text(id)])
        }
      }
      return orphans
    }
    return report
  }

  /// The next records, and which of them have many facts.
  private func next(
    after: String, in connection: any SQLConnection
  ) throws -> (ids: [String], long: Set<String>) {
    let rows = try connection.query(
      """
      SELECT \(names.id) AS id, MAX(number) AS facts FROM \(names.facts)
      WHERE \(names.id) > $1 GROUP BY \(names.id) ORDER BY 1 LIMIT $2
      """, [.text(after), .integer(Int64(Self.batch))]
    ).map { (try $0.text("id"), try $0.integer("facts")) }
    return (rows.map(\.0), Set(rows.filter { $0.1 > Int64(Self.page) }.map(\.0)))
  }

  /// What the record's facts until now make, each page read by itself.
  private func folding(_ id: String, in database: any Database) async throws -> Folding {
    var folding = Folding()
    while !folding.isWhole {
      let known = folding
      folding = try await database.read { try fold(id, from: known, in: $0) }
    }
    folding.isWhole = false
    return folding
  }

  /// Folds the next page.
  private func fold(
    _ id: String, from known: Folding, in connection: any SQLConnection
  ) throws -> Folding {
    let facts = try facts(
      of: id, after: known.record?.version ?? 0, limit: Self.page, in: connection)
    var folding = known
    folding.isWhole = facts.count < Self.page
    if let last = facts.last {
      folding.record = try Record.folding(facts, onto: known.record)
      folding.time = last.time
    }
    return folding
  }

  /// Whether the record's row isn't what its facts make.
  private func step(
    _ id: String, from known: Folding, writing: Bool,
    onRecord: @Sendable (Record, any SQLConnection) throws -> Void,
    in connection: any SQLConnection
  ) throws -> Bool {
    // Before the facts are read, so that none comes between.
    _ = try connection.queryFirst(
      "SELECT version FROM \(names.table) WHERE \(names.id) = $1" + connection.dialect.forUpdate,
      [.text(id)])
    var folding = known
    while !folding.isWhole { folding = try fold(id, from: folding, in: connection) }
    guard let record = folding.record else { return false }
    let wanted = try values(of: record, updatedAt: folding.time)
    let row = try connection.queryFirst(
      """
      SELECT \(wanted.map(\.name).joined(separator: ", ")) FROM \(names.table)
      WHERE \(names.id) = $1
      """, [.text(id)])
    guard row?.values != wanted.map(\.value) else { return false }
    guard writing else { return true }
    try noteStored(id, in: connection)
    ChangedKeys.current?.note(record.cacheKeys)
    let replaced = wanted.map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
    try insert(
      record, updatedAt: folding.time,
      onConflict: "ON CONFLICT (\(names.id)) DO UPDATE SET \(replaced)", in: connection)
    try onRecord(record, connection)
    return true
  }

  /// What may be cached of a row that is wrong.
  private func noteStored(_ id: String, in connection: any SQLConnection) throws {
    guard let changed = ChangedKeys.current else { return }
    let row = try connection.queryFirst(
      "SELECT state FROM \(names.table) WHERE \(names.id) = $1", [.text(id)])
    guard let row, let stored = try? CanonicalJSON.value(Record.self, from: row.text("state"))
    else { return }
    changed.note(stored.cacheKeys)
  }
}
