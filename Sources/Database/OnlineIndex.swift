/// An index that PostgreSQL builds while others write
/// (postgresql.org/docs/15/sql-createindex.html, CONCURRENTLY).
package struct OnlineIndex: Sendable {
  package let name: String
  /// Table and columns, as they stand after ON.
  package let columns: String

  package init(_ name: String, on columns: String) {
    self.name = name
    self.columns = columns
  }

  /// Builds those that aren't there; false where another program is about it. What broke off leaves
  /// an index that nobody uses, which is built anew.
  static func build(_ indexes: [OnlineIndex], in connection: any SQLConnection) throws -> Bool {
    // One behind the lock of transactions that change the schema: those may go on. To wait for it
    // would be a transaction that the other one's building waits for.
    let lock = try connection.queryFirst(
      "SELECT CASE WHEN pg_try_advisory_lock(8097887158631949161) THEN 1 ELSE 0 END AS taken")
    guard try lock?.flag("taken") == true else { return false }
    for index in indexes {
      if let isValid = try index.isValid(in: connection) {
        if isValid { continue }
        try connection.execute("DROP INDEX CONCURRENTLY \(index.name)")
      }
      try connection.execute("CREATE INDEX CONCURRENTLY \(index.name) ON \(index.columns)")
    }
    return true
  }

  /// Whether it is built; nil where there is none.
  package func isValid(in connection: any SQLConnection) throws -> Bool? {
    try connection.queryFirst(
      """
      SELECT CASE WHEN indisvalid THEN 1 ELSE 0 END AS valid FROM pg_index
      WHERE indexrelid = to_regclass($1)
      """, [.text(name)]
    )?.flag("valid")
  }
}
