/// How many blocks at once one node's `eth_getLogs` answers for, learned from what it refuses.
///
/// Providers refuse by the number of blocks, of logs, or by time, and their words tell little, so
/// all refusals are taken alike: half the blocks the next time, or fewer where the node says so.
/// After each answer a few blocks more are asked for, up to what was last refused, and past that
/// once in a long while: the limit may have been that of dense blocks.
package struct LogPace: Equatable, Sendable {
  /// How many blocks to ask for; never 0.
  package private(set) var blockCount: UInt32
  /// The number of blocks that was refused last, the smaller one of two.
  package private(set) var refusedCount: UInt32?
  /// Answers since that was last tried.
  private var answersBelow = 0

  /// Where nobody refuses anything.
  package static let maximumBlockCount: UInt32 = 50_000
  /// As many answers go by before a number of blocks is tried that was refused.
  package static let answersBeforeRetry = 32

  package init(blockCount: UInt32 = 2_000) {
    self.blockCount = min(max(blockCount, 1), Self.maximumBlockCount)
  }

  /// The node has answered for so many blocks, which may have been fewer than `blockCount`.
  package mutating func answered(_ count: UInt32) {
    guard count >= blockCount else { return }
    if let refusedCount, blockCount &+ 1 >= refusedCount {
      answersBelow += 1
      guard answersBelow >= Self.answersBeforeRetry else { return }
      self.refusedCount = nil
      answersBelow = 0
    }
    // Neither sum overflows: the count is at most 50,000.
    let more = blockCount + max(1, blockCount / 8)
    blockCount = min(more, refusedCount.map { $0 - 1 } ?? .max, Self.maximumBlockCount)
  }

  /// The node has refused so many blocks as too much.
  ///
  /// - Parameter hint: how many it says it would answer for. One that isn't fewer than it has just
  ///   refused says nothing: then they are halved.
  package mutating func refused(_ count: UInt32, hint: UInt32?) {
    let half = max(1, count / 2)
    let next = hint.map { $0 >= 1 && $0 < count ? $0 : half } ?? half
    if count > 1 { refusedCount = min(refusedCount ?? .max, hint == next ? next + 1 : count) }
    blockCount = min(next, blockCount, refusedCount.map { max(1, $0 - 1) } ?? .max)
    answersBelow = 0
  }
}
