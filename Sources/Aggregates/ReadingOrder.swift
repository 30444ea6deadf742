package import ChainTypes
package import Database
internal import Payments

/// The order in which a table's records were made, as readers page through them: whoever goes on
/// behind the last one it was given finds every later one.
///
/// SQLite's writers run one after the other: an id above all earlier ones of its tenant is enough.
/// In PostgreSQL transactions commit in another order than that in which they began, so there a
/// row's place is its transaction's number, and only those are shown whose transaction is older
/// than every unfinished one: whatever comes later has a later place.
package struct ReadingOrder: Sendable {
  private let dialect: SQLDialect
  private let table: String
  private let id: String
  private let prefix: String

  /// - Parameters:
  ///   - id: the column of the primary key, an `Identifier`'s text
  ///   - prefix: the identifiers'
  package init(_ dialect: SQLDialect, table: String, id: String, prefix: String) {
    self.dialect = dialect
    self.table = table
    self.id = id
    self.prefix = prefix
  }

  /// For ORDER BY.
  private var columns: String {
    switch dialect {
    case .sqlite: id
    case .postgreSQL: "transaction_id, \(id)"
    }
  }

  /// What must hold of rows that are shown.
  private var isSettled: String {
    switch dialect {
    case .sqlite: "1 = 1"
    case .postgreSQL: "transaction_id < pg_snapshot_xmin(pg_current_snapshot())"
    }
  }

  /// What holds of the rows behind the one whose id is `parameter`.
  private func isAfter(_ parameter: String) -> String {
    switch dialect {
    case .sqlite: "\(id) > \(parameter)"
    case .postgreSQL:
      """
      (transaction_id, \(id)) > (SELECT transaction_id, \(id) FROM \(table)
        WHERE \(id) = \(parameter))
      """
    }
  }

  /// The next `limit` rows behind the record `after` that have these values; one that is null
  /// doesn't matter.
  package func rows(
    _ selected: String, where values: [(column: String, value: SQLValue)], after: String?,
    limit: Int, in connection: any SQLConnection
  ) throws -> [SQLRow] {
    var conditions = [isSettled]
    var arguments: [SQLValue] = []
    func require(_ value: SQLValue, _ condition: (String) -> String) {
      guard value != .null else { return }
      arguments.append(value)
      conditions.append(condition("$\(arguments.count)"))
    }
    require(.optional(after), isAfter)
    for (column, value) in values { require(value) { "\(column) = \($0)" } }
    arguments.append(.integer(Int64(limit)))
    return try connection.query(
      """
      SELECT \(selected) FROM \(table) WHERE \(conditions.joined(separator: " AND "))
      ORDER BY \(columns) LIMIT $\(arguments.count)
      """, arguments)
  }

  /// Whether none of the rows with these values waits for an older transaction, and isn't shown.
  package func isSettled(
    where values: [(column: String, value: SQLValue)], in connection: any SQLConnection
  ) throws -> Bool {
    guard dialect == .postgreSQL else { return true }
    let known = values.filter { $0.value != .null }
    let conditions = known.enumerated().map { " AND \($1.column) = $\($0 + 1)" }.joined()
    return try connection.queryFirst(
      "SELECT 1 AS one FROM \(table) WHERE NOT (\(isSettled))\(conditions) LIMIT 1",
      known.map(\.value)) == nil
  }

  /// A new row's id.
  package func newID(
    tenant: String, now: Timestamp, random: (UInt64, UInt64), in connection: any SQLConnection
  ) throws -> String {
    let id = Identifier(
      prefix: prefix, milliseconds: UInt64(clamping: now.microseconds / 1_000), random: random)
    guard dialect == .sqlite else { return id.description }
    let row = try connection.queryFirst(
      "SELECT MAX(\(self.id)) AS last FROM \(table) WHERE tenant = $1", [.text(tenant)])
    guard let last = try row?.optionalText("last"), last >= id.description,
      let latest = Identifier(last, prefix: prefix)
    else { return id.description }
    return latest.following(random: random.1).description
  }

  // MARK: Schema

  /// What a table's definition has for it beside the key, with the comma behind it.
  package static func column(_ dialect: SQLDialect) -> String {
    switch dialect {
    case .sqlite: ""
    case .postgreSQL: "transaction_id XID8 NOT NULL DEFAULT pg_current_xact_id(),"
    }
  }

  /// An index over `columns`, or over the whole table where there are none, in this order.
  package func index(_ name: String, by columns: String...) -> String {
    "CREATE INDEX \(name) ON \(table) (\((columns + [self.columns]).joined(separator: ", ")))"
  }

  /// What a dump that was read into another PostgreSQL server needs: there transactions count from
  /// elsewhere, and rows of numbers yet to come would never be shown. Ids keep their order.
  package static func afterRestore(_ dialect: SQLDialect) -> [String] {
    switch dialect {
    case .sqlite: []
    case .postgreSQL:
      [
        """
        DO $$
        DECLARE
          name TEXT;
        BEGIN
          FOR name IN
            SELECT table_name FROM information_schema.columns
            WHERE table_schema = current_schema() AND column_name = 'transaction_id'
          LOOP
            EXECUTE format('UPDATE %I SET transaction_id = ''0''', name);
          END LOOP;
        END
        $$
        """
      ]
    }
  }
}
