internal import Aggregates
internal import Foundation
package import Settlement

/// The last line of a backup: what is in it.
///
/// Before it stands, ended by a line feed, what the engine's own tools read: a SQLite database, or
/// an archive of `pg_dump --format=custom`. Both leave what comes behind them alone.
package struct BackupManifest: Sendable, Codable, Equatable {
  package enum Engine: String, Sendable, Codable {
    case sqlite, postgresql
  }

  /// The format's number.
  package let paywatchBackup: Int
  package let engine: Engine
  /// RFC 3339, UTC.
  package let takenAt: String
  /// How long it is without this line and the line feed before it.
  package let bytes: Int64
  /// Of those bytes, in hexadecimal.
  package let sha256: String
  package let contents: BackupContents

  static let format = 1
  /// Longer ones are none of ours: a hundred thousand accounts fit in.
  static let maximumBytes = 32 << 20

  init(
    engine: Engine, takenAt: String, bytes: Int64, sha256: String, contents: BackupContents
  ) {
    paywatchBackup = Self.format
    self.engine = engine
    self.takenAt = takenAt
    self.bytes = bytes
    self.sha256 = sha256
    self.contents = contents
  }

  /// As it stands in the file, without line feeds.
  package var line: String {
    get throws { try CanonicalJSON.document(self) }
  }

  init(line: Data, of path: String) throws {
    struct Format: Decodable {
      let paywatchBackup: Int
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let format = try? decoder.decode(Format.self, from: line) else {
      throw BackupError.notABackup(path)
    }
    guard format.paywatchBackup == Self.format else {
      throw BackupError.unknownFormat(path, format.paywatchBackup)
    }
    do {
      self = try decoder.decode(BackupManifest.self, from: line)
    } catch {
      throw BackupError.damaged(path, what: "its last line can't be understood")
    }
  }
}
