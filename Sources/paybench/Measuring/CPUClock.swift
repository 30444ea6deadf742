internal import Glibc

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
  // Safe: benchmarks run one after the other, and nobody reads the value.
  nonisolated(unsafe) private static var value: UInt64 = 0

  @inline(never)
  static func take(_ next: UInt64) { value = value &* 31 &+ next }
}
