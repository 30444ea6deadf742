internal import Dispatch

/// Time as it passes for everyone: for work of several threads, and for waiting.
enum WallClock {
  /// Nanoseconds since some moment; never goes back.
  static var nanoseconds: Int64 {
    Int64(clamping: DispatchTime.now().uptimeNanoseconds)
  }

  /// Seconds that `body` takes; never zero.
  static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = nanoseconds
    try await body()
    return max(Double(nanoseconds - start) / 1e9, 1e-9)
  }
}
