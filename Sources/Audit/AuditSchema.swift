package import Database

/// The tables of the audit log.
package enum AuditSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "audit"

  package static let migrations = [
    Migration(number: 1, name: "the audit log and its chains' heads") { dialect in
      let tables = [
        // The chain of operators' actions for no tenant has the empty name, which no tenant has.
        dialect.createTable(
          "audit_log",
          """
            tenant TEXT NOT NULL,
            position \(dialect.integer) NOT NULL CHECK (position >= 1),
            occurred_at \(dialect.integer) NOT NULL,
            actor TEXT NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
            roles TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            details TEXT NOT NULL CHECK (\(dialect.byteCount("details")) <= 4096),
            previous_hash \(dialect.blob) NOT NULL CHECK (length(previous_hash) = 32),
            hash \(dialect.blob) NOT NULL CHECK (length(hash) = 32),
            PRIMARY KEY (tenant, position)
          """),
        // Who appends holds the chain's row until the transaction ends: no two records have one
        // predecessor, and none is left out.
        dialect.createTable(
          "audit_heads",
          """
            tenant TEXT PRIMARY KEY NOT NULL,
            position \(dialect.integer) NOT NULL CHECK (position >= 0),
            hash \(dialect.blob) NOT NULL CHECK (length(hash) = 32)
          """),
      ]
      guard dialect == .postgreSQL else { return tables + triggers }
      let ownRows = "tenant = \(RowSecurity.currentTenant)"
      return RowSecurity.roles(dialect) + tables + rules
        + RowSecurity.protect("audit_log", rows: ownRows, granting: "SELECT, INSERT")
        + RowSecurity.protect(
          "audit_heads", rows: ownRows, granting: "SELECT, INSERT", "UPDATE (position, hash)")
    }
  ]

  /// Against mistakes: who owns the tables can take these away, which the chain shows.
  private static let triggers = ["UPDATE", "DELETE"].map { change in
    """
    CREATE TRIGGER audit_log_keeps_on_\(change.lowercased()) BEFORE \(change) ON audit_log
    BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END
    """
  }

  private static let rules = [
    """
    CREATE FUNCTION audit_log_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'the audit log is only appended to';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_log_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_keeps()
    """,
  ]
}
