/// How many blocks at once one node's `eth_getLogs` answers for, learned from what it refuses.
///
/// Providers refuse by the number of blocks, of logs, or by time, and their words tell little, so
/// all refusals are taken alike: back to what was answered before, then half of it and half again,
/// or what the node suggests. After each answer a few blocks more are asked for until it comes near
/// what was last refused, and past that once in a while: the limit may have been that of dense
/// blocks.
package struct LogPace: Equatable, Sendable {
  /// How many blocks to ask for; never 0.
  package private(set) var blockCount: UInt32
  /// The smallest number of blocks that was refused lately; above `blockCount`.
  private var refusedCount: UInt32?
  /// The number of blocks that was answered for last.
  private var answeredCount: UInt32?
  /// Answers since the number of blocks came near the one that was refused.
  private var answersNearLimit = 0

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
    answeredCount = blockCount
    // No sum below overflows: the count is at most 50,000.
    let step = max(1, blockCount / 8)
    var next = blockCount + step
    if let refusedCount, refusedCount > next {
      next = min(next, blockCount + (refusedCount - blockCount) / 2)
    } else if refusedCount != nil {
      answersNearLimit += 1
      guard answersNearLimit >= Self.answersBeforeRetry else { return }
      refusedCount = nil
      answersNearLimit = 0
    }
    blockCount = min(next, Self.maximumBlockCount)
  }

  /// The node has refused so many blocks as too much.
  ///
  /// - Parameter hint: how many it says it would answer for. One that isn't fewer than it has just
  ///   refused says nothing.
  package mutating func refused(_ count: UInt32, hint: UInt32?) {
    answersNearLimit = 0
    var next = max(1, count / 2)
    refusedCount = min(refusedCount ?? .max, max(count, 2))
    if let hint, hint >= 1, hint < count {
      next = hint
      refusedCount = hint + 1
    } else if let answeredCount, answeredCount < count {
      next = max(next, answeredCount)
    }
    // What is tried again and refused was answered for other blocks.
    if let answeredCount, answeredCount >= next { self.answeredCount = nil }
    blockCount = min(next, blockCount)
  }
}
