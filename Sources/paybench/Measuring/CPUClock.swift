internal import Glibc

/// Time that the processor spends on this thread.
enum CPUClock {
  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
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
  // Safe: benchmarks run one after the other on one thread, and nobody reads the value.
  nonisolated(unsafe) private static var value: UInt64 = 0

  @inline(never)
  static func take(_ next: UInt64) { value = value &* 31 &+ next }
}
