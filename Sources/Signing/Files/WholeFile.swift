internal import Glibc

/// Files that are there whole or not at all, and that only their owner can read.
package enum WholeFile {
  package enum Failure: Error, Equatable, Sendable {
    /// A file of that name is there already; it is never overwritten.
    case exists(String)
    case cannotRead(String, code: Int32)
    case cannotWrite(String, code: Int32)
    case tooLarge(String, bytes: Int)
  }

  /// At most `limit` bytes.
  package static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .cannotRead(path, code: errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .cannotRead(path, code: errno) }
      guard count > 0 else { return bytes }
      bytes += buffer.prefix(count)
      guard bytes.count <= limit else { throw .tooLarge(path, bytes: bytes.count) }
    }
  }

  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Makes a file that isn't there yet, with mode 0600. When this returns, it survives a loss of
  /// power.
  package static func create(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    let unfinished = try write(bytes, beside: path)
    defer { unlink(unfinished) }
    // A link fails where the name is taken, which a renaming doesn't.
    guard link(unfinished, path) == 0 else {
      throw errno == EEXIST ? .exists(path) : .cannotWrite(path, code: errno)
    }
    try synchronizeDirectory(of: path)
  }

  /// Puts the bytes in the place of the file's, if there is one, with mode 0600.
  package static func replace(_ path: String, _ bytes: [UInt8]) throws(Failure) {
    let unfinished = try write(bytes, beside: path)
    guard rename(unfinished, path) == 0 else {
      let code = errno
      unlink(unfinished)
      throw .cannotWrite(path, code: code)
    }
    try synchronizeDirectory(of: path)
  }

  private static func write(_ bytes: [UInt8], beside path: String) throws(Failure) -> String {
    let unfinished = "\(path).unfinished-\(getpid())"
    let file = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .cannotWrite(unfinished, code: errno) }
    var code: Int32 = 0
    var written = 0
    while written < bytes.count, code == 0 {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written)
      }
      if count > 0 { written += count } else if errno != EINTR { code = errno }
    }
    if code == 0, fsync(file) != 0 { code = errno }
    if close(file) != 0, code == 0 { code = errno }
    guard code == 0 else {
      unlink(unfinished)
      throw .cannotWrite(unfinished, code: code)
    }
    return unfinished
  }

  /// A new name is safe once its directory is.
  private static func synchronizeDirectory(of path: String) throws(Failure) {
    let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw .cannotWrite(parent, code: errno) }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw .cannotWrite(parent, code: errno) }
  }
}

extension WholeFile.Failure: CustomStringConvertible {
  package var description: String {
    func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
    return switch self {
    case .exists(let path): "\(path) is there already, and is never overwritten"
    case .cannotRead(let path, let code): "\(path) can't be read: \(reason(code))"
    case .cannotWrite(let path, let code): "\(path) can't be written: \(reason(code))"
    case .tooLarge(let path, let bytes): "\(path) is too large: over \(bytes) bytes"
    }
  }
}
