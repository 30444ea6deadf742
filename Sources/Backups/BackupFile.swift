internal import Bytes
internal import Digests
internal import Foundation
internal import Settlement

/// A backup in a file.
package struct BackupFile: Sendable {
  package let path: String
  package let manifest: BackupManifest

  private static let chunk = 1 << 20

  /// Reads what the file says of itself, without reading all of it.
  package init(path: String) throws {
    self.path = path
    let file = try Self.open(path)
    defer { try? file.close() }
    do {
      let size = try file.seekToEnd()
      let count = min(size, UInt64(BackupManifest.maximumBytes))
      try file.seek(toOffset: size - count)
      let end = try file.readToEnd() ?? Data()
      guard end.last == Self.lineFeed else { throw BackupError.notABackup(path) }
      let lines = end.dropLast()
      guard let before = lines.lastIndex(of: Self.lineFeed) else {
        throw BackupError.notABackup(path)
      }
      let line = Data(lines[(before + 1)...])
      manifest = try BackupManifest(line: line, of: path)
      guard manifest.bytes >= 0, UInt64(manifest.bytes) + UInt64(line.count) + 2 == size else {
        throw BackupError.damaged(path, what: "its length isn't what was written")
      }
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError.unreadable(path, reason: error.localizedDescription)
    }
  }

  private static let lineFeed = UInt8(ascii: "\n")

  /// Throws `BackupError.damaged` unless every byte is as it was written.
  package func verify() async throws { try await Blocking.run { try read { _ in } } }

  /// The same, copying what the engine reads into a file.
  func copy(to file: FileHandle) throws { try read { try file.write(contentsOf: $0) } }

  private func read(_ use: (Data) throws -> Void) throws {
    let file = try Self.open(path)
    defer { try? file.close() }
    let digest = try Self.digest(file, count: manifest.bytes, use)
    guard digest?.hex == manifest.sha256 else {
      throw BackupError.damaged(path, what: "its bytes aren't those that were written")
    }
  }

  /// The SHA-256 of the next `count` bytes; nil where there aren't as many.
  private static func digest(
    _ file: FileHandle, count: Int64, _ use: (Data) throws -> Void
  ) throws -> Hash32? {
    var digest = SHA256()
    var left = count
    while left > 0 {
      guard let data = try file.read(upToCount: Int(min(left, Int64(chunk)))), !data.isEmpty else {
        return nil
      }
      left -= Int64(data.count)
      data.withUnsafeBytes { digest.update($0.bytes) }
      try use(data)
    }
    return digest.finalize()
  }

  private static func open(_ path: String) throws -> FileHandle {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw BackupError.unreadable(path, reason: String(cString: strerror(errno)))
    }
    return file
  }

  // MARK: Writing

  /// Puts the line behind what an engine has written into `file`; what the line says.
  static func finish(
    _ file: UnfinishedFile, engine: BackupManifest.Engine, takenAt: String,
    contents: BackupContents
  ) throws -> BackupManifest {
    guard let handle = FileHandle(forUpdatingAtPath: file.partial) else {
      throw BackupError.unwritable(file.partial, reason: String(cString: strerror(errno)))
    }
    defer { try? handle.close() }
    let size = Int64(try handle.seekToEnd())
    try handle.seek(toOffset: 0)
    guard let digest = try Self.digest(handle, count: size, { _ in }) else {
      throw BackupError.damaged(file.partial, what: "it has become shorter")
    }
    let manifest = BackupManifest(
      engine: engine, takenAt: takenAt, bytes: size, sha256: digest.hex, contents: contents)
    let line = try manifest.line
    guard line.utf8.count < BackupManifest.maximumBytes else {
      throw BackupError.unwritable(file.path, reason: "it has too many accounts to list")
    }
    try handle.write(contentsOf: Data("\n\(line)\n".utf8))
    return manifest
  }
}
