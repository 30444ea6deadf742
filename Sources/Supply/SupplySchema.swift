internal import Aggregates
package import Database

/// The tables of stock and of what orders have set aside.
package enum SupplySchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "supply"

  package static let migrations = [
    Migration(number: 1, name: "supplies and reservations") { dialect in
      let (integer, supplies) = (dialect.integer, RecordStore<SupplyItem>())
      let tables =
        supplies.tables(
          dialect,
          columns: """
            location TEXT NOT NULL,
              product TEXT NOT NULL,
              status TEXT NOT NULL,
              on_hand \(integer) NOT NULL CHECK (on_hand >= 0),
              reserved \(integer) NOT NULL CHECK (reserved >= 0 AND reserved <= on_hand),
              deleted \(integer) NOT NULL CHECK (deleted IN (0, 1)),
            """,
          indexed: ["location", "product", "status"]) + [
          """
          CREATE UNIQUE INDEX supplies_of_product ON supplies (tenant, location, product)
          WHERE deleted = 0
          """,
          // One row for each order that ever asked; `revision` is the highest that was taken.
          dialect.createTable(
            "reservations",
            """
              tenant TEXT NOT NULL,
              order_id TEXT NOT NULL,
              status TEXT NOT NULL,
              revision \(integer) NOT NULL CHECK (revision >= 0),
              expires_at \(integer),
              updated_at \(integer) NOT NULL,
              PRIMARY KEY (tenant, order_id)
            """),
          """
          CREATE INDEX reservations_due ON reservations (expires_at)
          WHERE status = 'held' AND expires_at IS NOT NULL
          """,
          dialect.createTable(
            "reservation_lines",
            """
              tenant TEXT NOT NULL,
              order_id TEXT NOT NULL,
              supply_id TEXT NOT NULL,
              quantity \(integer) NOT NULL CHECK (quantity >= 1),
              PRIMARY KEY (tenant, order_id, supply_id)
            """),
        ]
      guard dialect == .postgreSQL else { return tables }
      let ownRows = "tenant = \(RowSecurity.currentTenant)"
      return RowSecurity.roles(dialect) + tables
        + supplies.protection(dialect, moving: ["status", "on_hand", "reserved", "deleted"])
        + RowSecurity.protect(
          "reservations", rows: ownRows, granting: "SELECT, INSERT",
          "UPDATE (status, revision, expires_at, updated_at)")
        + RowSecurity.protect(
          "reservation_lines", rows: ownRows, granting: "SELECT, INSERT, DELETE")
    },
    Migration(number: 2, name: "supplies by owner and reorder") { dialect in
      let order = RecordStore<SupplyItem>().order(dialect)
      let owner =
        switch dialect {
        case .sqlite: "json_extract(state, '$.details.owner')"
        case .postgreSQL: "CAST(state AS JSON) #>> '{details,owner}'"
        }
      let statements = [
        "ALTER TABLE supplies ADD COLUMN owner TEXT",
        "ALTER TABLE supplies ADD COLUMN reorder TEXT",
        "UPDATE supplies SET owner = \(owner)",
        order.index("supplies_by_owner", by: "tenant", "owner"),
        order.index("supplies_by_reorder", by: "tenant", "reorder"),
      ]
      guard dialect == .postgreSQL else { return statements }
      return statements + ["GRANT UPDATE (owner, reorder) ON supplies TO \(RowSecurity.tenantRole)"]
    },
  ]
}
