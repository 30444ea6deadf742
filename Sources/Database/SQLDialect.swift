/// Which engine answers. Statements are the same text for all; only what is here differs:
/// column types, table suffixes and row locks.
package enum SQLDialect: Sendable, Hashable, CaseIterable {
  case sqlite
  case postgreSQL

  /// A 64-bit signed integer: numbers, flags, microseconds.
  package var integer: String {
    switch self {
    case .sqlite: "INTEGER"
    case .postgreSQL: "BIGINT"
    }
  }

  package var blob: String {
    switch self {
    case .sqlite: "BLOB"
    case .postgreSQL: "BYTEA"
    }
  }

  /// A whole number of up to 78 digits, bound and read as decimal text. SQLite's own NUMERIC
  /// would turn what exceeds 64 bits into a floating-point number.
  package var amount: String {
    switch self {
    case .sqlite: "TEXT"
    case .postgreSQL: "NUMERIC(78,0)"
    }
  }

  /// The type of a primary key that the engine numbers upwards and never reuses.
  package var generatedKey: String {
    switch self {
    case .sqlite: "INTEGER PRIMARY KEY AUTOINCREMENT"
    case .postgreSQL: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    }
  }

  /// What ends a CREATE TABLE so that columns hold only values of their type.
  package var strict: String {
    switch self {
    case .sqlite: " STRICT"
    case .postgreSQL: ""
    }
  }

  /// What ends a SELECT that must hold its rows until the transaction ends. A SQLite writer
  /// holds the whole database already.
  package var forUpdate: String {
    switch self {
    case .sqlite: ""
    case .postgreSQL: " FOR UPDATE"
    }
  }

  /// What a transaction that changes the schema begins with, so that of programs which start at
  /// once only one does, and that a table in use makes it try again soon instead of holding up
  /// everyone behind it. A SQLite writer holds the whole database already.
  var migrationLock: [String] {
    switch self {
    case .sqlite: []
    // The number is the word "paywatch" in ASCII: any that others don't use.
    case .postgreSQL:
      ["SET LOCAL lock_timeout = '2s'", "SELECT pg_advisory_xact_lock(8097887158631949160)"]
    }
  }

  /// `CREATE TABLE name (columns)` with typed columns.
  package func createTable(_ name: String, _ columns: String) -> String {
    "CREATE TABLE \(name) (\n\(columns)\n)\(strict)"
  }
}
