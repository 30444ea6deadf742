package import Database

extension RecordStore {
  /// The tables of the records and of their facts.
  ///
  /// - Parameters:
  ///   - columns: the record's own, each with a comma behind it
  ///   - indexed: what lists are asked for by, beside the tenant alone
  package func tables(
    _ dialect: SQLDialect, columns: String, indexed: [String]
  ) -> [String] {
    let (integer, order) = (dialect.integer, order(dialect))
    return [
      dialect.createTable(
        names.table,
        """
          \(names.id) TEXT PRIMARY KEY,
          \(ReadingOrder.column(dialect))
          tenant TEXT NOT NULL,
          version \(integer) NOT NULL CHECK (version >= 1),
          updated_at \(integer) NOT NULL,
          \(columns)
          state TEXT NOT NULL
        """),
      order.index("\(names.table)_in_order"),
      order.index("\(names.table)_by_tenant", by: "tenant"),
    ] + indexed.map { order.index("\(names.table)_by_\($0)", by: "tenant", $0) } + [
      // No key to the row: it is made of these, and may be made again.
      dialect.createTable(
        names.facts,
        """
          \(names.id) TEXT NOT NULL,
          number \(integer) NOT NULL CHECK (number >= 1),
          recorded_at \(integer) NOT NULL,
          fact TEXT NOT NULL,
          PRIMARY KEY (\(names.id), number)
        """)
    ]
  }

  /// The table of words of people, apart from the facts that hold them.
  package func wordsTable(_ dialect: SQLDialect) -> [String] {
    guard let words = names.words else { return [] }
    let table = dialect.createTable(
      words,
      """
        \(names.id) TEXT NOT NULL,
        number \(dialect.integer) NOT NULL,
        words TEXT NOT NULL,
        PRIMARY KEY (\(names.id), number)
      """)
    guard dialect == .postgreSQL else { return [table] }
    return [table]
      + RowSecurity.protect(
        words, rows: ownedRows(words), granting: "SELECT, INSERT, DELETE")
  }

  /// A condition on a table that has the records' ids.
  private func ownedRows(_ table: String) -> String {
    """
    EXISTS (SELECT 1 FROM \(names.table)
      WHERE \(names.table).\(names.id) = \(table).\(names.id))
    """
  }

  /// What tenants' transactions may do with them in PostgreSQL.
  ///
  /// - Parameter columns: those of the row that move besides the ones that all have
  package func protection(_ dialect: SQLDialect, moving columns: [String]) -> [String] {
    guard dialect == .postgreSQL else { return [] }
    let moved = (["version", "updated_at", "state"] + columns).joined(separator: ", ")
    return RowSecurity.protect(
      names.table, rows: "tenant = \(RowSecurity.currentTenant)", granting: "SELECT, INSERT",
      "UPDATE (\(moved))")
      + RowSecurity.protect(
        names.facts,
        rows: """
          EXISTS (SELECT 1 FROM \(names.table)
            WHERE \(names.table).\(names.id) = \(names.facts).\(names.id))
          """,
        granting: "SELECT, INSERT")
  }
}
