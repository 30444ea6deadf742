package import Database
internal import Foundation
package import SQLite
package import Settlement

/// Backups of a SQLite database: one file, itself a SQLite database.
package enum SQLiteBackup {
  /// Takes one while other processes work on the database. It is marked as unfinished, so that
  /// nothing starts on a mere copy of it.
  package static func take(
    from database: SQLiteDatabase, to path: String, at time: String
  ) async throws -> BackupManifest {
    let file = try UnfinishedFile(for: path)
    do {
      try await database.copy(to: file.partial)
      let contents = try await opened(file.partial, named: path) { copy in
        let contents = try await check(copy, of: path)
        try await copy.write { try RestoreEpoch.markUnfinished(in: $0) }
        return contents
      }
      return try await Blocking.run {
        let manifest = try BackupFile.finish(
          file, engine: .sqlite, takenAt: time, contents: contents)
        try file.publish()
        return manifest
      }
    } catch {
      file.discard()
      throw error
    }
  }

  /// Makes a database of a backup and begins the next restore epoch in it. It gets its name once
  /// that is done.
  ///
  /// - Parameter migrate: brings its tables up to the program's
  package static func restore(
    _ backup: BackupFile, to path: String, _ restoration: Restoration,
    migrate: (any Database) async throws -> Void
  ) async throws -> Restoration.Outcome {
    guard backup.manifest.engine == .sqlite else {
      throw BackupError.otherEngine(backup: backup.manifest.engine)
    }
    // SQLite would take the log of a former database for this one's.
    for name in ["-wal", "-shm", "-journal"].map({ path + $0 })
    where UnfinishedFile.exists(name) {
      throw BackupError.exists(name)
    }
    let file = try UnfinishedFile(for: path)
    do {
      try await Blocking.run {
        guard let handle = FileHandle(forWritingAtPath: file.partial) else {
          throw BackupError.unwritable(path, reason: String(cString: strerror(errno)))
        }
        defer { try? handle.close() }
        try backup.copy(to: handle)
      }
      let outcome = try await opened(file.partial, named: backup.path) { database in
        guard try await check(database, of: backup.path) == backup.manifest.contents else {
          throw BackupError.damaged(backup.path, what: "it doesn't hold what its last line says")
        }
        try await migrate(database)
        return try await database.write { connection in
          let outcome = try restoration.apply(in: connection)
          try RestoreEpoch.markFinished(in: connection)
          return outcome
        }
      }
      try await Blocking.run { try file.publish() }
      return outcome
    } catch {
      file.discard()
      throw error
    }
  }

  /// What the database holds; throws where that isn't sound.
  private static func check(
    _ database: SQLiteDatabase, of path: String
  ) async throws -> BackupContents {
    try await database.read { connection in
      let faults = try connection.query("PRAGMA integrity_check(1)")
      let fault = try faults.first?.text("integrity_check")
      guard fault == "ok" else {
        throw BackupError.damaged(path, what: fault ?? "its check said nothing")
      }
      if let row = try connection.queryFirst("PRAGMA foreign_key_check") {
        throw BackupError.damaged(path, what: "rows of \(try row.text("table")) refer to none")
      }
      return try BackupContents(of: connection)
    }
  }

  /// Runs `body` with the database in a file and closes it, after which all is in that one file.
  private static func opened<Value: Sendable>(
    _ path: String, named name: String, _ body: (SQLiteDatabase) async throws -> Value
  ) async throws -> Value {
    do {
      var options = SQLiteOptions()
      // Little is written, and nobody else must be moving the log at the end.
      options.checkpointPages = 0
      let database = try SQLiteDatabase(path: path, options: options)
      do {
        let value = try await body(database)
        // Closing leaves the log beside the file where a reader's connection is the last.
        let isBusy = try await database.withoutTransaction { connection in
          try connection.queryFirst("PRAGMA wal_checkpoint(TRUNCATE)")?.flag("busy") ?? true
        }
        try await database.close()
        guard !isBusy else { throw BackupError.unwritable(path, reason: "its log stays in use") }
        for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
        return value
      } catch {
        try? await database.close()
        throw error
      }
    } catch DatabaseError.storage(let code, let message) {
      // A damaged page or none of SQLite's (sqlite.org/rescode.html); the others are the disk's.
      switch code & 0xff {
      case 11, 26: throw BackupError.damaged(name, what: message)
      default: throw BackupError.unwritable(path, reason: message)
      }
    }
  }
}
