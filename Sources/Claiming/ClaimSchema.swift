internal import Aggregates
package import Database

/// The tables of claims, and of what is known of them for a time only.
package enum ClaimSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "claiming"

  package static let migrations = [
    Migration(number: 1, name: "claims, their codes and addresses") { dialect in
      let claims = RecordStore<Claim>()
      let tables =
        claims.tables(
          dialect,
          columns: """
            order_id TEXT NOT NULL,
              location TEXT NOT NULL,
              status TEXT NOT NULL,
            """,
          indexed: ["location", "status"]) + [
          // An order is claimed once, whoever hears how often that it is ready.
          "CREATE UNIQUE INDEX claims_of_order ON claims (tenant, order_id)",
          // Neither is in a fact or an event, and both are deleted when the claim ends.
          dialect.createTable(
            "claim_codes",
            """
              claim_id TEXT PRIMARY KEY,
              tenant TEXT NOT NULL,
              code TEXT NOT NULL
            """),
          dialect.createTable(
            "claim_addresses",
            """
              claim_id TEXT PRIMARY KEY,
              tenant TEXT NOT NULL,
              address TEXT NOT NULL
            """),
        ]
      guard dialect == .postgreSQL else { return tables }
      let ownRows = "tenant = \(RowSecurity.currentTenant)"
      return RowSecurity.roles(dialect) + tables
        + claims.protection(dialect, moving: ["status"])
        + RowSecurity.protect(
          "claim_codes", rows: ownRows, granting: "SELECT, INSERT, DELETE", "UPDATE (code)")
        + RowSecurity.protect(
          "claim_addresses", rows: ownRows, granting: "SELECT, INSERT, DELETE",
          "UPDATE (address)")
    },
    Migration(number: 2, name: "words of claims' facts apart") { dialect in
      RecordStore<Claim>().wordsTable(dialect)
    },
    // For the metrics, which count what isn't finished.
    Migration(number: 3, name: "unfinished claims") { _ in
      [
        """
        CREATE INDEX claims_unfinished ON claims (status, updated_at)
        WHERE status NOT IN ('processed', 'canceled')
        """
      ]
    },
  ]
}
