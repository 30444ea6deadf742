extension Migrator {
  /// Whether the database has a record of applied steps at all.
  package static func hasRecord(in connection: any SQLConnection) throws -> Bool {
    let tables =
      switch connection.dialect {
      case .sqlite: "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = $1"
      case .postgreSQL:
        """
        SELECT 1 AS found FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_name = $1
        """
      }
    return try connection.queryFirst(tables, ["schema_migrations"]) != nil
  }

  /// How many of a component's steps were applied.
  package static func newest(
    of component: String, in connection: any SQLConnection
  ) throws -> Int {
    let row = try connection.queryFirst(
      "SELECT MAX(number) AS newest FROM schema_migrations WHERE component = $1",
      [.text(component)])
    return Int(try row?.optionalInteger("newest") ?? 0)
  }
}
