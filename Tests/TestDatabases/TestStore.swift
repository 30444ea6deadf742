package import Database
internal import Foundation
internal import LocalServers
internal import PostgreSQL
internal import SQLite
internal import TestSupport

/// A place for one test's database that can be opened more than once, gone with the value.
package final class TestStore: Sendable {
  /// What tests choose of an engine's options.
  package struct Options: Sendable {
    package var commitHooks = CommitHooks()
    package var groupLimit = 256
    package var waitingLimit = 16_384
    /// Whether bodies run one at a time, as they always do in SQLite.
    package var isSerial = false

    package init() {}
  }

  package let engine: TestEngine
  /// A file, or a connection URI.
  package let location: String
  private let directory: TemporaryDirectory?
  private let schema: String?

  package init(_ engine: TestEngine = .selected) async throws {
    self.engine = engine
    switch engine {
    case .sqlite:
      let directory = try TemporaryDirectory()
      self.directory = directory
      schema = nil
      location = directory.path("paywatch.sqlite")
    case .postgreSQL:
      directory = nil
      let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
      schema = name
      let shared = try await SharedPostgres.value
      try await shared.database.write { try $0.execute("CREATE SCHEMA \(name)") }
      location = shared.uri + "?options=-csearch_path%3D\(name)"
    }
  }

  deinit {
    guard let schema else { return }
    Task.detached {
      try await SharedPostgres.value.database.write {
        try $0.execute("DROP SCHEMA \(schema) CASCADE")
      }
    }
  }

  /// Opens it; the caller closes it.
  package func open(_ options: Options = Options()) throws -> any Database {
    try Self.open(engine, location, options)
  }

  /// Opens the database of that name, for a test's other processes.
  package static func open(
    _ engine: TestEngine, _ location: String, _ options: Options = Options()
  ) throws -> any Database {
    switch engine {
    case .sqlite: return try SQLiteDatabase(path: location, options: sqlite(options))
    case .postgreSQL:
      var settings = PostgresOptions(connection: location)
      // A machine that stands still for seconds is no reason to fail.
      settings.connectTimeoutSeconds = 30
      settings.connectPatienceMilliseconds = 60_000
      settings.commitHooks = options.commitHooks
      settings.groupLimit = options.groupLimit
      settings.waitingLimit = options.waitingLimit
      settings.poolSize = options.isSerial ? 1 : 3
      return PostgresDatabase(options: settings)
    }
  }

  static func sqlite(_ options: Options) -> SQLiteOptions {
    var settings = SQLiteOptions()
    settings.commitHooks = options.commitHooks
    settings.groupLimit = options.groupLimit
    settings.waitingLimit = options.waitingLimit
    return settings
  }
}
