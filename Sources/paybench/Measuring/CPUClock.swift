internal import Glibc
internal import Synchronization

/// Time that the processor spends on this thread.
enum CPUClock {
  private static var now: Double {
    // Seconds and nanoseconds. Read as words: where several C libraries are imported, the compiler
    // can't tell whose `timespec` this is.
    withUnsafeTemporaryAllocation(of: timespec.self, capacity: 1) { time in
      guard let first = time.baseAddress, clock_gettime(CLOCK_THREAD_CPUTIME_ID, first) == 0
      else { return 0 }
      let words = UnsafeRawBufferPointer(time)
      return Double(words.load(as: Int.self))
        + Double(words.load(fromByteOffset: MemoryLayout<Int>.size, as: Int.self)) / 1e9
    }
  }

  /// Seconds that `body` takes; never zero.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = now
    try body()
    return max(now - start, 1e-9)
  }
}

/// Takes results, so that the compiler can't leave out the work behind them.
enum Sink {
  private static let value = Atomic<UInt64>(0)

  @inline(never)
  static func take(_ next: UInt64) {
    // What several threads give at once may be lost: nobody reads it.
    value.store(value.load(ordering: .relaxed) &* 31 &+ next, ordering: .relaxed)
  }
}
