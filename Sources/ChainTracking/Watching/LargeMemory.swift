internal import Glibc

/// Memory by the page, straight from the system: zeros, none of it taken before it is written to,
/// and all of it given back at once.
///
/// From the heap, tables that grow leave holes behind in which nothing large fits. Large memory is
/// asked for in huge pages (2 MiB): random reads then wait for one memory access, not for the page
/// tables' besides.
enum LargeMemory {
  /// At least a page, so on a line of the cache. The process ends where there is no memory, as it
  /// does when an array grows.
  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let memory = mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      preconditionFailure("no memory for \(byteCount) bytes")
    }
    preferHugePages(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
    return memory
  }

  static func deallocate(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    munmap(memory, byteCount)
  }

  /// A hint, which changes no value, and which a system may refuse.
  static func preferHugePages(_ memory: UnsafeMutableRawBufferPointer) {
    let huge = 2 << 20
    guard memory.count >= 2 * huge, let start = memory.baseAddress else { return }
    // Whole pages alone, inside.
    let page = 4_096
    let skipped = (page - Int(bitPattern: start) % page) % page
    madvise(start + skipped, (memory.count - skipped) / page * page, MADV_HUGEPAGE)
  }
}
