internal import Aggregates
internal import Database

extension ReadingOrder {
  /// The step of PostgreSQL's schema that gives the rows of a table their places.
  struct Change {
    let table: String
    /// Indexes that go by ids alone.
    let replaced: [String]
    let indexes: [OnlineIndex]

    static let payments = Change(
      table: "payments",
      replaced: ["payments_of_order", "payments_by_tenant", "payments_by_status"],
      indexes: [
        OnlineIndex("payments_in_order", on: "payments (transaction_id, payment_id)"),
        OnlineIndex(
          "payments_of_order", on: "payments (tenant, order_id, transaction_id, payment_id)"),
        OnlineIndex("payments_by_tenant", on: "payments (tenant, transaction_id, payment_id)"),
        OnlineIndex(
          "payments_by_status", on: "payments (tenant, status, transaction_id, payment_id)"),
      ])

    static let refunds = Change(
      table: "refunds", replaced: ["refunds_by_tenant"],
      indexes: [
        OnlineIndex("refunds_in_order", on: "refunds (transaction_id, refund_id)"),
        OnlineIndex("refunds_by_tenant", on: "refunds (tenant, transaction_id, refund_id)"),
      ])

    func statements(_ dialect: SQLDialect) -> [String] {
      switch dialect {
      case .sqlite: []
      case .postgreSQL:
        [place] + replaced.map { "DROP INDEX \($0)" }
          + indexes.map { "CREATE INDEX \($0.name) ON \($0.columns)" }
      }
    }

    /// The new indexes stand beside the old ones until these go.
    ///
    /// - Parameter rest: what else the step does
    func online(_ rest: [String] = []) -> OnlineChange {
      OnlineChange(
        advance: { connection in
          if try !hasPlaces(connection), try connection.isLarge(table) {
            try connection.execute(place)
          }
          return false
        },
        indexes: { connection in
          try hasPlaces(connection)
            ? indexes.map { OnlineIndex("new_\($0.name)", on: $0.columns) } : []
        },
        isPrepared: hasPlaces,
        finish: { connection in
          let statements =
            replaced.map { "DROP INDEX \($0)" }
            + indexes.map { "ALTER INDEX new_\($0.name) RENAME TO \($0.name)" } + rest
          for statement in statements { try connection.execute(statement) }
        })
    }

    /// One value for all rows that there are, which costs no time.
    private var place: String {
      "ALTER TABLE \(table) ADD COLUMN transaction_id XID8 NOT NULL DEFAULT pg_current_xact_id()"
    }

    @Sendable
    private func hasPlaces(_ connection: any SQLConnection) throws -> Bool {
      try connection.queryFirst(
        """
        SELECT 1 AS found FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = $1
          AND column_name = 'transaction_id'
        """, [.text(table)]) != nil
    }
  }
}
