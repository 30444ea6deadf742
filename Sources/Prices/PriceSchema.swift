package import Database

/// The tables of rates and quotes.
package enum PriceSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "prices"

  package static let migrations = [
    Migration(number: 1, name: "rates, their history and quotes") { dialect in
      let integer = dialect.integer
      let tables = [
        // A row for each pair: its last rate, how many sources agree by now, what was told last.
        dialect.createTable(
          "price_rates",
          """
            pair TEXT PRIMARY KEY,
            rate TEXT NOT NULL,
            sources \(integer) NOT NULL CHECK (sources >= 1),
            as_of \(integer) NOT NULL,
            agreeing \(integer) NOT NULL CHECK (agreeing >= 0),
            needed \(integer) NOT NULL CHECK (needed >= 1),
            number \(integer) NOT NULL CHECK (number >= 1),
            published_rate TEXT NOT NULL,
            published_at \(integer) NOT NULL,
            updated_at \(integer) NOT NULL
          """),
        dialect.createTable(
          "price_sources",
          """
            pair TEXT NOT NULL,
            source TEXT NOT NULL,
            rate TEXT,
            asked_at \(integer),
            source_time \(integer),
            verdict TEXT,
            failure TEXT,
            updated_at \(integer) NOT NULL,
            PRIMARY KEY (pair, source)
          """),
        // What was told, numbered for each pair; removed after a time.
        dialect.createTable(
          "price_history",
          """
            pair TEXT NOT NULL,
            number \(integer) NOT NULL CHECK (number >= 1),
            rate TEXT NOT NULL,
            sources \(integer) NOT NULL CHECK (sources >= 1),
            as_of \(integer) NOT NULL,
            recorded_at \(integer) NOT NULL,
            PRIMARY KEY (pair, number)
          """),
        "CREATE INDEX price_history_by_age ON price_history (recorded_at)",
        // A quote is used up by the payment that names it.
        dialect.createTable(
          "quotes",
          """
            quote_id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            quote TEXT NOT NULL,
            created_at \(integer) NOT NULL,
            valid_until \(integer) NOT NULL,
            payment_id TEXT
          """),
        "CREATE INDEX quotes_by_age ON quotes (created_at)",
      ]
      guard dialect == .postgreSQL else { return tables }
      return RowSecurity.roles(dialect) + tables
        + RowSecurity.protect(
          "quotes", rows: "tenant = \(RowSecurity.currentTenant)", granting: "SELECT, INSERT",
          "UPDATE (payment_id)")
    }
  ]
}
