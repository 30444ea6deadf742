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

  /// Keeps in memory what the system has there of a file, and reads the rest, as long as this value
  /// lives. Mapped it stays: from a file that was read once a system may take its pages in some
  /// minutes, though there is room, and those that it reads again, many at once, are written slower
  /// than those that came one by one.
  final class Kept {
    private let pages: UnsafeMutableRawPointer
    private let size: Int

    init(_ path: String) throws {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw BenchmarkFailure("\(path) can't be opened") }
      defer { close(file) }
      size = Int(lseek(file, 0, SEEK_END))
      let pages = mmap(nil, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0)
      guard size > 0, let pages, pages != MAP_FAILED else {
        throw BenchmarkFailure("\(path) can't be mapped")
      }
      self.pages = pages
    }

    deinit { munmap(pages, size) }
  }
}
