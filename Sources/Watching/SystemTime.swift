package import ChainTypes
internal import Glibc

/// The machine's clocks.
package struct SystemTime: TimeSource {
  package init() {}

  /// The time of day, which may be set back.
  package var now: Timestamp { Self.read(CLOCK_REALTIME) }

  /// The time since the machine started, which never goes back.
  package var uptime: Timestamp { Self.read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Timestamp {
    var time = timespec()
    clock_gettime(clock, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
  }
}
