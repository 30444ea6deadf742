internal import Foundation
internal import Glibc

/// What the system keeps of files in memory.
enum PageCache {
  /// Forgets a file, which is on the disk already: the next one who reads it waits for the disk.
  static func forget(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BenchmarkFailure("\(path) can't be opened") }
    defer { close(file) }
    guard posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0 else {
      throw BenchmarkFailure("\(path) stays in memory")
    }
  }

  /// Reads a file whole, as one in use is in memory: the next one who reads it waits for no disk. A
  /// system may take memory from files that nobody has read for some minutes.
  static func fetch(_ path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw BenchmarkFailure("\(path) can't be opened")
    }
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {}
  }
}
