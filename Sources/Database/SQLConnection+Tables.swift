extension SQLConnection {
  /// The names of the database's own tables, sorted; in PostgreSQL those of the current schema.
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
        SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1
        """
      }
    return try query(tables).map { try $0.text("name") }
  }
}
