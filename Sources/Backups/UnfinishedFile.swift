internal import Foundation

/// A file that gets its name only when it is whole and on the disk: what a crash leaves is called
/// otherwise. Only its owner may read it.
struct UnfinishedFile: Sendable {
  /// Its path once it is whole.
  let path: String
  /// Its path until then, in the same folder.
  let partial: String

  /// Makes an empty file. Throws `BackupError.exists` where something has its name.
  init(for path: String) throws {
    self.path = path
    partial = "\(path).\(ProcessInfo.processInfo.processIdentifier).partial"
    guard !Self.exists(path) else { throw BackupError.exists(path) }
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.unwritable(partial) }
    close(descriptor)
  }

  /// Also a link that leads nowhere.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Gives it its name, unless something has got that meanwhile.
  func publish() throws {
    try Self.sync(partial)
    // A new link refuses an existing name. Some file systems have none.
    if link(partial, path) == 0 {
      unlink(partial)
    } else {
      guard errno == EPERM || errno == EOPNOTSUPP else {
        throw errno == EEXIST ? BackupError.exists(path) : Self.unwritable(path)
      }
      guard !Self.exists(path) else { throw BackupError.exists(path) }
      guard rename(partial, path) == 0 else { throw Self.unwritable(path) }
    }
    try Self.sync(URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false))
  }

  /// Removes it, and what SQLite may have put beside it.
  func discard() {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(partial + suffix) }
  }

  /// Waits until a file, or a directory's list of names, is on the disk.
  private static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unwritable(path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw unwritable(path) }
  }

  private static func unwritable(_ path: String) -> BackupError {
    .unwritable(path, reason: String(cString: strerror(errno)))
  }
}
