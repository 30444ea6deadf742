/// Which engine answers. Statements are the same text for all; only what is here differs:
/// column types, table suffixes, row locks and the clock.
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

  /// How many bytes a text has.
  package func byteCount(_ text: String) -> String {
    switch self {
    case .sqlite: "length(CAST(\(text) AS BLOB))"
    case .postgreSQL: "octet_length(\(text))"
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

  /// As `forUpdate`, leaving out rows that another transaction holds instead of waiting for them.
  package var forUpdateSkipLocked: String {
    switch self {
    case .sqlite: ""
    case .postgreSQL: " FOR UPDATE SKIP LOCKED"
    }
  }

  /// What ends a SELECT whose rows nobody may delete, or take `forUpdate`, until the transaction
  /// ends; others may change columns that are in no unique index. Any number of transactions hold
  /// them so at once.
  package var forKeyShare: String {
    switch self {
    case .sqlite: ""
    case .postgreSQL: " FOR KEY SHARE"
    }
  }

  /// An expression: the database's own clock, in microseconds since 1970. It goes on within a
  /// transaction. SQLite's counts whole milliseconds.
  package var nowMicroseconds: String {
    switch self {
    case .sqlite:
      // A Julian day is a double of days, which holds milliseconds of this era and no more.
      "(CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000)"
    case .postgreSQL:
      "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
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
