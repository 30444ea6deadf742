package import Database
internal import PostgreSQL
internal import SQLite
package import Settings

extension DatabaseSettings {
  /// Opens the database, and makes SQLite's file where it isn't.
  package func opened() throws -> any Database {
    switch self {
    case .sqlite(let path): try SQLiteDatabase(path: path)
    case .postgreSQL(let settings): PostgresDatabase(options: settings.options)
    }
  }

  /// What it is called in messages; without secrets.
  package var name: String {
    switch self {
    case .sqlite(let path): path
    case .postgreSQL(let settings): settings.url
    }
  }
}
