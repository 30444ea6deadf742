extension SQLConnection {
  /// The names of the database's own tables, sorted; in PostgreSQL those of the current schema,
  /// without the partitions of others.
  package func tableNames() throws -> [String] {
    let tables =
      switch dialect {
      case .sqlite:
        """
        SELECT name FROM sqlite_master
        WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name
        """
      case .postgreSQL:
        """
        SELECT CAST(relname AS TEXT) AS name FROM pg_class
        WHERE relnamespace = CAST(current_schema() AS REGNAMESPACE)
          AND relkind IN ('r', 'p') AND NOT relispartition
        ORDER BY 1
        """
      }
    return try query(tables).map { try $0.text("name") }
  }
}
