import Backups
import Database
import Foundation
import SQLite
import Settlement
import TestDatabases
import TestSupport

/// A database of either engine with a place for backups of it.
struct BackedUp {
  let engine: TestEngine
  let store: OwnDatabase
  let scratch: TemporaryDirectory
  static let time = "2027-01-15T08:00:00Z"

  init(_ engine: TestEngine) async throws {
    self.engine = engine
    store = try await OwnDatabase(engine)
    scratch = try TemporaryDirectory()
  }

  func open() throws -> any Database { try store.open() }

  /// Runs `body` with a shop on the database, as a process would that ends afterwards.
  @discardableResult
  static func running<Value>(
    on store: OwnDatabase, epoch: Int64 = 0, _ body: (Shop) async throws -> Value
  ) async throws -> Value {
    let database = try store.open()
    do {
      let value = try await body(try await Shop(database, epoch: epoch))
      try await database.close()
      return value
    } catch {
      try? await database.close()
      throw error
    }
  }

  @discardableResult
  func running<Value>(
    epoch: Int64 = 0, _ body: (Shop) async throws -> Value
  ) async throws -> Value {
    try await Self.running(on: store, epoch: epoch, body)
  }

  @discardableResult
  func backUp(_ name: String = "backup") async throws -> BackupFile {
    let path = scratch.path(name)
    switch engine {
    case .postgreSQL:
      _ = try await PostgresBackup.take(from: store.location, to: path, at: Self.time)
    case .sqlite:
      let database = try SQLiteDatabase(path: store.location)
      do {
        _ = try await SQLiteBackup.take(from: database, to: path, at: Self.time)
        try await database.close()
      } catch {
        try? await database.close()
        throw error
      }
    }
    return try BackupFile(path: path)
  }

  /// Restores into another place.
  @discardableResult
  static func restore(
    _ backup: BackupFile, to store: OwnDatabase, _ restoration: Restoration = Restoration()
  ) async throws -> Restoration.Outcome {
    switch store.engine {
    case .sqlite:
      try await SQLiteBackup.restore(
        backup, to: store.location, restoration, migrate: Shop.migrate)
    case .postgreSQL:
      try await PostgresBackup.restore(
        backup, to: store.location, restoration, migrate: Shop.migrate)
    }
  }
}
