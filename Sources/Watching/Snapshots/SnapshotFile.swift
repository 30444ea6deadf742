internal import Bytes
internal import ChainTracking
internal import Digests
internal import Glibc

/// An open file, closed with the value. Its calls wait for the disk.
final class SnapshotFile: Sendable {
  private let descriptor: Int32

  private typealias Refusal = WatchSnapshot.Refusal

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  // MARK: Reading

  /// Nil where there is no such file.
  static func reading(_ path: String) throws(WatchSnapshot.Refusal) -> SnapshotFile? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw .unreadable(code: errno) }
      return nil
    }
    return SnapshotFile(descriptor)
  }

  /// What the file says it is.
  func snapshot() throws -> WatchSnapshot {
    var header = [UInt8](repeating: 0, count: WatchSnapshot.headerBytes)
    guard try byteCount() >= header.count else { throw Refusal.notASnapshot }
    try header.withUnsafeMutableBytes { try read($0) { _ in } }
    return try WatchSnapshot(header: header)
  }

  /// The set, where the rest of the file is what `snapshot`, which stands at its beginning, was
  /// made of.
  func set(of snapshot: WatchSnapshot, key: (UInt64, UInt64)) throws -> WatchSet {
    var rest = try byteCount() - WatchSnapshot.headerBytes
    // Before there is any room made for them.
    guard let count = Int(exactly: snapshot.through),
      count <= rest / WatchSet.Refill.leastRecordBytes
    else { throw Refusal.cut }
    var refill = WatchSet.Refill(key: key, count: count)
    var hasher = SHA256()
    hasher.update(WatchSnapshot.hashedHeader(through: snapshot.through).span.bytes)
    while rest > 0 {
      var length = [UInt8](repeating: 0, count: 8)
      guard rest >= length.count else { throw Refusal.cut }
      try length.withUnsafeMutableBytes { try read($0) { hasher.update($0) } }
      rest -= length.count
      guard let count = Int(exactly: WatchSnapshot.number(length)), count <= rest else {
        throw Refusal.cut
      }
      do {
        try refill.append(byteCount: count) { try read($0) { hasher.update($0) } }
      } catch let part as BadPart {
        throw Refusal.damaged(part)
      }
      rest -= count
    }
    // The digest alone would do.
    guard hasher.finalize() == snapshot.digest, refill.count == count,
      refill.lastOrdinal == snapshot.through
    else { throw Refusal.otherDigest }
    return refill.finish()
  }

  private func byteCount() throws(WatchSnapshot.Refusal) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notASnapshot }
    return Int(status.st_size)
  }

  /// Fills `memory`, and gives `body` each piece while the processor's cache has it.
  private func read(
    _ memory: UnsafeMutableRawBufferPointer, _ body: (RawSpan) -> Void
  ) throws(WatchSnapshot.Refusal) {
    var done = 0
    while done < memory.count {
      let piece = UnsafeMutableRawBufferPointer(
        rebasing: memory[done..<min(done + Self.pieceBytes, memory.count)])
      let count = Glibc.read(descriptor, piece.baseAddress, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(code: errno) }
      guard count > 0 else { throw .cut }
      body(UnsafeRawBufferPointer(rebasing: piece[..<count]).bytes)
      done += count
    }
  }

  private static let pieceBytes = 1 << 18

  // MARK: Writing

  /// The file in which a snapshot is made, empty and its owner's alone. Only one process has it:
  /// what an earlier one left unfinished is begun anew.
  static func writing(_ path: String) throws(WatchSnapshot.Refusal) -> SnapshotFile {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .unwritable(code: errno) }
    let file = SnapshotFile(descriptor)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .busy }
    // Who had it before may have given it its name by now.
    var (own, named) = (stat(), stat())
    guard fstat(descriptor, &own) == 0, lstat(path, &named) == 0, own.st_ino == named.st_ino,
      own.st_dev == named.st_dev
    else { throw .busy }
    guard fchmod(descriptor, 0o600) == 0, ftruncate(descriptor, 0) == 0 else {
      throw .unwritable(code: errno)
    }
    return file
  }

  /// Writes all of it, and returns once the disk has it.
  func write(
    _ parts: [[UInt8]], through: UInt64
  ) throws(WatchSnapshot.Refusal) -> WatchSnapshot {
    var hasher = SHA256()
    hasher.update(WatchSnapshot.hashedHeader(through: through).span.bytes)
    for part in parts {
      hasher.update(WatchSnapshot.bytes(of: UInt64(part.count)).span.bytes)
      hasher.update(part.span.bytes)
    }
    let snapshot = WatchSnapshot(through: through, digest: hasher.finalize())
    try write(snapshot.header)
    for part in parts {
      try write(WatchSnapshot.bytes(of: UInt64(part.count)))
      try write(part)
    }
    guard fsync(descriptor) == 0 else { throw .unwritable(code: errno) }
    return snapshot
  }

  private func write(_ bytes: [UInt8]) throws(WatchSnapshot.Refusal) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .unwritable(code: errno) }
      done += count
    }
  }

  /// Gives the file at `path` its name, which is safe once its directory is on the disk.
  static func publish(
    _ path: String, as name: String, in directory: String
  ) throws(WatchSnapshot.Refusal) {
    guard rename(path, name) == 0 else { throw .unwritable(code: errno) }
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unwritable(code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .unwritable(code: errno) }
  }
}
