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
      let (ids, differing) = try await database.write { connection in
        try step(after: from, writing: writing, onRecord: onRecord, in: connection)
      }
      report.records += ids.count
      report.differing += differing
      guard let last = ids.last else { break }
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

  private func step(
    after: String, writing: Bool,
    onRecord: @Sendable (Record, any SQLConnection) throws -> Void,
    in connection: any SQLConnection
  ) throws -> (ids: [String], differing: [String]) {
    let ids = try connection.query(
      """
      SELECT DISTINCT \(names.id) AS id FROM \(names.facts)
      WHERE \(names.id) > $1 ORDER BY 1 LIMIT $2
      """, [.text(after), .integer(Int64(Self.batch))]
    ).map { try $0.text("id") }
    var differing: [String] = []
    for id in ids {
      // Before the facts are read, so that none comes between.
      _ = try connection.queryFirst(
        "SELECT version FROM \(names.table) WHERE \(names.id) = $1" + connection.dialect.forUpdate,
        [.text(id)])
      let facts = try facts(of: id, in: connection)
      guard let last = facts.last, let record = try Record.folding(facts) else { continue }
      let wanted = try values(of: record, updatedAt: last.time)
      let row = try connection.queryFirst(
        """
        SELECT \(wanted.map(\.name).joined(separator: ", ")) FROM \(names.table)
        WHERE \(names.id) = $1
        """, [.text(id)])
      guard row?.values != wanted.map(\.value) else { continue }
      differing.append(id)
      guard writing else { continue }
      try noteStored(id, in: connection)
      ChangedKeys.current?.note(record.cacheKeys)
      let replaced = wanted.map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
      try insert(
        record, updatedAt: last.time,
        onConflict: "ON CONFLICT (\(names.id)) DO UPDATE SET \(replaced)", in: connection)
      try onRecord(record, connection)
    }
    return (ids, differing)
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
