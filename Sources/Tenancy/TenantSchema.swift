package import Database

/// The tables of tenants, their API keys and the replies kept for their idempotency keys.
package enum TenantSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "tenancy"

  package static let migrations = [
    Migration(number: 1, name: "tenants, API keys and idempotency keys") { dialect in
      [
        dialect.createTable(
          "tenants",
          """
            id TEXT PRIMARY KEY NOT NULL CHECK (length(id) BETWEEN 1 AND 64),
            name TEXT NOT NULL,
            created_at \(dialect.integer) NOT NULL
          """),
        // Only the SHA-256 of a key: who reads the database can't use it.
        dialect.createTable(
          "api_keys",
          """
            digest \(dialect.blob) PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
            tenant TEXT NOT NULL REFERENCES tenants (id),
            label TEXT NOT NULL,
            created_at \(dialect.integer) NOT NULL,
            revoked_at \(dialect.integer)
          """),
        "CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at)",
        dialect.createTable(
          "idempotency_keys",
          """
            tenant TEXT NOT NULL REFERENCES tenants (id),
            idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
            request_hash \(dialect.blob) NOT NULL CHECK (length(request_hash) = 32),
            status \(dialect.integer),
            body \(dialect.blob),
            created_at \(dialect.integer) NOT NULL,
            PRIMARY KEY (tenant, idempotency_key)
          """),
        "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at)",
      ]
    },
    Migration(number: 2, name: "tenants apart, row by row") { dialect in
      guard dialect == .postgreSQL else { return [] }
      let ownRows = "tenant = \(RowSecurity.currentTenant)"
      // Who a request comes from is found before it acts for a tenant: tenants' transactions have
      // nothing to do with the first two tables.
      return RowSecurity.roles(dialect)
        + RowSecurity.protect("tenants", rows: "id = \(RowSecurity.currentTenant)")
        + RowSecurity.protect("api_keys", rows: ownRows)
        + RowSecurity.protect("idempotency_keys", rows: ownRows, granting: "SELECT, INSERT")
    },
  ]
}
