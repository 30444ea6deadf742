package import ChainTypes

/// When a delivery is tried again. Pure.
///
/// After the first attempt in about 5 seconds, then each time four times as long, at most 8 hours:
/// 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, 8 h, 8 h, …, each a quarter longer or shorter at
/// random, so that what failed together doesn't come back together. Three days after it was
/// enqueued a delivery is tried for the last time.
package enum DeliverySchedule {
  package static let lifeSeconds: Int64 = 3 * 86_400
  /// However long a target asks to be left alone.
  package static let maximumPatienceSeconds: Int64 = 86_400
  private static let firstMilliseconds: Int64 = 5_000
  private static let maximumMilliseconds: Int64 = 8 * 3_600_000

  /// Nil where that attempt was the last.
  ///
  /// - Parameters:
  ///   - attempt: the number of the one that failed, from 1
  ///   - expiry: after which no attempt follows
  ///   - patience: for how many seconds at least the target asks to be left alone
  package static func next(
    after attempt: Int64, at now: Timestamp, expiring expiry: Timestamp,
    patienceSeconds patience: Int64? = nil, random: UInt64
  ) -> Timestamp? {
    guard now < expiry else { return nil }
    let asked = min(max(0, patience ?? 0), maximumPatienceSeconds) * 1_000
    let pause = max(asked, self.pause(after: attempt, random: random))
    return min(expiry, Timestamp(microseconds: now.microseconds + pause * 1_000))
  }

  /// In milliseconds.
  static func pause(after attempt: Int64, random: UInt64) -> Int64 {
    let doublings = 2 * min(max(0, attempt - 1), 20)
    let pause = min(firstMilliseconds << doublings, maximumMilliseconds)
    return pause * 3 / 4 + Int64(random % UInt64(pause / 2 + 1))
  }
}
