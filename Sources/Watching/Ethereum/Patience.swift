internal import Bytes
internal import ChainTypes

/// For how long a block is held up for what nodes don't give. Senders can make blocks that no node
/// will ever trace: what was waited for in vain isn't waited for again before ten times as long has
/// passed, so that they take no more than a tenth of a chain's time, and a branch of many such
/// blocks is followed in one step.
struct Patience {
  private var waiting: (block: Hash32, since: Timestamp)?
  /// Since when nothing is waited for.
  private var ranOutAt: Timestamp?

  /// How many times as long as was waited in vain.
  private static let pauses: Int64 = 10

  /// Whether `block` is still to be waited for.
  mutating func lasts(for block: Hash32, at now: Timestamp, seconds: Int64) -> Bool {
    if let ranOutAt {
      let end = ranOutAt.adding(seconds: Self.pauses * seconds)
      // A clock that went back mustn't make the pause longer.
      if now >= ranOutAt, now < end { return false }
      self.ranOutAt = nil
    }
    guard let waiting, waiting.block == block, now >= waiting.since else {
      waiting = (block, now)
      return seconds > 0
    }
    guard now >= waiting.since.adding(seconds: seconds) else { return true }
    self.waiting = nil
    ranOutAt = now
    return false
  }
}
