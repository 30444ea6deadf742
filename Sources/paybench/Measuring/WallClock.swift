internal import Glibc

/// Time as it passes for everyone: for work of several threads, and for waiting.
enum WallClock {
  /// Nanoseconds since some moment; never goes back.
  static var nanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Seconds that `body` takes; never zero.
  static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = nanoseconds
    try await body()
    return max(Double(nanoseconds - start) / 1e9, 1e-9)
  }
}
