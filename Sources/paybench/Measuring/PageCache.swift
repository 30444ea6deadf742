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

  /// Does work while a file is in memory whole, as one in use is: nobody who reads it waits for the
  /// disk. It is mapped meanwhile, since a system may take what isn't from files that were read
  /// once in some minutes, though there is room.
  static func keeping<Result>(
    _ path: String, _ body: () async throws -> Result
  ) async throws -> Result {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BenchmarkFailure("\(path) can't be opened") }
    let size = Int(lseek(file, 0, SEEK_END))
    let pages = mmap(nil, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0)
    close(file)
    guard size > 0, let pages, pages != MAP_FAILED else {
      throw BenchmarkFailure("\(path) can't be mapped")
    }
    defer { munmap(pages, size) }
    return try await body()
  }
}
