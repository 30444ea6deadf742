import Database
import Foundation
import LocalServers
import PostgreSQL
import SQLite
import TestDatabases
import TestSupport

/// The place of a whole database: a file that isn't there yet, or an empty database of a server
/// that all tests share. Gone with the value.
final class OwnDatabase: Sendable {
  let engine: TestEngine
  /// A path, or a connection URI.
  let location: String
  private let directory: TemporaryDirectory?

  init(_ engine: TestEngine) async throws {
    self.engine = engine
    switch engine {
    case .sqlite:
      let directory = try TemporaryDirectory()
      self.directory = directory
      location = directory.path("paywatch.sqlite")
    case .postgreSQL:
      directory = nil
      location = try await PostgresServer.shared.makeDatabase(
        "backup_" + UUID().uuidString.lowercased().replacing("-", with: ""), owner: "paywatch")
    }
  }

  deinit {
    guard engine == .postgreSQL, let name = location.split(separator: "/").last else { return }
    let database = String(name)
    Task.detached { try await PostgresServer.shared.dropDatabase(database) }
  }

  /// Opens it; the caller closes it.
  func open() throws -> any Database {
    switch engine {
    case .sqlite: return try SQLiteDatabase(path: location)
    case .postgreSQL:
      var options = PostgresOptions(connection: location)
      options.poolSize = 3
      return PostgresDatabase(options: options)
    }
  }
}
