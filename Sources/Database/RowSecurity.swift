/// What keeps tenants apart inside PostgreSQL, whatever a statement forgets to say: row-level
/// security (postgresql.org/docs/15, 5.8). SQLite has none; there the statements alone do.
///
/// The login role owns the tables, migrates and runs the pipeline. As the owner it would be beyond
/// the policies: FORCE puts it under them, and the policy of `pipelineRole`, of which it is a
/// member, shows it everything. What is done for a tenant runs as `tenantRole`
/// (`SQLConnection.actAs`), which owns nothing, may do little, and meets the policy that shows the
/// named tenant's rows; without a name it shows none.
///
/// Roles belong to the cluster, tables to a database: both names are the same everywhere.
package enum RowSecurity {
  package static let pipelineRole = "paywatch_pipeline"
  package static let tenantRole = "paywatch_tenant"
  /// The transaction's setting that names the tenant.
  package static let tenantSetting = "paywatch.tenant"

  /// An expression: the tenant on whose behalf the transaction acts; NULL for nobody.
  package static let currentTenant = "NULLIF(current_setting('\(tenantSetting)', true), '')"

  /// Statements that make the roles where they are missing and give them to the login role. They
  /// change nothing where all is in place, and may run in several databases of a cluster at once.
  ///
  /// They stand before the first policies in each migration, and run at each start besides: a
  /// database that was restored into another cluster has policies for roles that aren't there or
  /// that its new owner isn't in, who would see empty tables. Where the login role may not do this,
  /// the error tells what an administrator must run.
  package static func roles(_ dialect: SQLDialect) -> [String] {
    guard dialect == .postgreSQL else { return [] }
    return [
      """
      DO $$
      DECLARE
        name TEXT;
        may_become TEXT := CASE WHEN current_setting('server_version_num')::INTEGER >= 160000
          THEN 'SET' ELSE 'MEMBER' END;
      BEGIN
        FOREACH name IN ARRAY ARRAY['\(pipelineRole)', '\(tenantRole)'] LOOP
          IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = name) THEN
            BEGIN
              EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
              NULL; -- Another database of the cluster was faster.
            END;
          END IF;
          IF NOT pg_has_role(current_user, name, 'USAGE')
            OR NOT pg_has_role(current_user, name, may_become)
          THEN
            BEGIN
              EXECUTE format('GRANT %I TO %I', name, current_user);
            EXCEPTION WHEN unique_violation THEN
              NULL; -- As above.
            END;
          END IF;
        END LOOP;
        IF NOT has_schema_privilege('\(tenantRole)', current_schema(), 'USAGE') THEN
          EXECUTE format('GRANT USAGE ON SCHEMA %I TO \(tenantRole)', current_schema());
        END IF;
        IF NOT pg_has_role(current_user, '\(pipelineRole)', 'USAGE') THEN
          RAISE insufficient_privilege;
        END IF;
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE insufficient_privilege USING MESSAGE = format(
          'the role %1$I needs two others, which it may not make or take itself; an administrator '
          'must run, leaving out what exists: CREATE ROLE \(pipelineRole) NOLOGIN; '
          'CREATE ROLE \(tenantRole) NOLOGIN; GRANT \(pipelineRole), \(tenantRole) TO %1$I; '
          'ALTER ROLE %1$I INHERIT; GRANT USAGE ON SCHEMA %2$I TO \(tenantRole)',
          current_user, current_schema());
      END
      $$
      """
    ]
  }

  /// What a migration says of a table with tenants' rows.
  ///
  /// - Parameters:
  ///   - rows: a condition: the row belongs to the current tenant. A sub-select in it sees what the
  ///     tenant sees.
  ///   - privileges: what tenants' transactions do with the table, and nothing more
  package static func protect(
    _ table: String, rows: String, granting privileges: String...
  ) -> [String] {
    [
      "ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
      "CREATE POLICY pipeline ON \(table) TO \(pipelineRole) USING (true)",
      "CREATE POLICY tenant ON \(table) TO \(tenantRole) USING (\(rows))",
    ] + privileges.map { grant($0, on: table) }
  }

  /// Lets tenants' transactions read what belongs to nobody, or these columns of it.
  package static func share(_ table: String, columns: String? = nil) -> String {
    grant("SELECT" + (columns.map { " (\($0))" } ?? ""), on: table)
  }

  private static func grant(_ privileges: String, on table: String) -> String {
    "GRANT \(privileges) ON \(table) TO \(tenantRole)"
  }

  /// Throws where the login role is under the policies and isn't in `pipelineRole`, and would take
  /// what it sees for everything.
  package static func checkSeesEverything(in connection: any SQLConnection) throws {
    guard connection.dialect == .postgreSQL else { return }
    let missing = try connection.queryFirst(
      """
      SELECT CAST(current_user AS TEXT) AS name FROM pg_catalog.pg_roles
      WHERE rolname = '\(pipelineRole)' AND NOT pg_has_role(current_user, oid, 'USAGE')
      """)
    guard let missing else { return }
    let name = try missing.text("name")
    throw DatabaseError.notPermitted(
      "the role \(name) isn't in \(pipelineRole), and would see empty tables: "
        + "GRANT \(pipelineRole), \(tenantRole) TO \(name)")
  }

  /// What an operator should know of the login role; nil where it's as it should be.
  package static func warning(in connection: any SQLConnection) throws -> String? {
    guard connection.dialect == .postgreSQL else { return nil }
    let row = try connection.queryFirst(
      """
      SELECT rolname, CASE WHEN rolsuper THEN 1 ELSE 0 END AS is_superuser
      FROM pg_catalog.pg_roles WHERE rolname = session_user AND (rolsuper OR rolbypassrls)
      """)
    return try row.map {
      "the database's role \(try $0.text("rolname")) "
        + (try $0.flag("is_superuser") ? "is a superuser" : "has BYPASSRLS")
        + ": row-level security doesn't hold for it; use an ordinary role that owns the tables"
    }
  }
}

extension Database {
  /// As `read`, on behalf of a tenant: other tenants' rows aren't there.
  package func read<Value: Sendable>(
    as tenant: String, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await read { connection in
      try connection.actAs(tenant: tenant)
      return try body(connection)
    }
  }

  /// As `groupedWrite`, on behalf of a tenant: other tenants' rows aren't there, and none of theirs
  /// can be made.
  @discardableResult
  package func groupedWrite<Value: Sendable>(
    as tenant: String, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
  ) async throws -> Value {
    try await groupedWrite { connection in
      try connection.actAs(tenant: tenant)
      return try body(connection)
    }
  }
}
