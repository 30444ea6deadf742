/// How long to wait before something is tried again.
enum Backoff {
  /// Before another run of a transaction that got in others' way: 2 ms, doubled each time up to a
  /// quarter of a second, at a random point of its second half so that the others don't meet
  /// again. `attempt` counts from 1, `random` is from 0 to 1.
  static func transaction(attempt: Int, random: Double) -> Duration {
    jittered(milliseconds: min(250, 2 << min(max(0, attempt - 1), 10)), random)
  }

  /// Before another try of a connection: 20 ms, doubled each time up to half a second.
  static func connection(attempt: Int, random: Double) -> Duration {
    jittered(milliseconds: min(500, 20 << min(max(0, attempt - 1), 10)), random)
  }

  private static func jittered(milliseconds: Int, _ random: Double) -> Duration {
    .microseconds(Int64(Double(milliseconds) * 500 * (1 + min(max(0, random), 1))))
  }
}
