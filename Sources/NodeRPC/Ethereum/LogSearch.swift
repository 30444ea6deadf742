/// Goes through a range of blocks by `eth_getLogs`, in as few questions as a node answers. A pure
/// machine: it says which blocks to ask about next, and is told how that went.
///
/// Every block of the range comes up exactly once: in a range that was answered, or alone as one
/// whose logs the node refuses even by itself. What was found is the caller's matter.
///
/// It finds where to look and nothing else: a node may leave out logs, so no block is covered
/// before its receipts' root was rebuilt.
package struct LogSearch: Equatable, Sendable {
  /// The next block that nothing is known of; beyond `end` when all is.
  private var next: UInt64
  private let end: UInt64
  /// That of the node which is asked: who goes on with another node puts that node's here.
  package var pace: LogPace

  package init(_ range: ClosedRange<UInt32>, pace: LogPace = LogPace()) {
    next = UInt64(range.lowerBound)
    end = UInt64(range.upperBound)
    self.pace = pace
  }

  package enum Outcome: Equatable, Sendable {
    /// Ask again: for fewer blocks.
    case split
    /// The node refuses this block's logs however few are asked for: its receipts must be read.
    /// The search goes on behind it.
    case unanswerable(UInt32)
  }

  /// What to ask about; nil when every block has come up.
  package var range: ClosedRange<UInt32>? {
    guard next <= end else { return nil }
    let last = min(end, next + UInt64(pace.blockCount) - 1)
    // Both lie within the range that was given.
    return UInt32(next)...UInt32(last)
  }

  package var isFinished: Bool { next > end }

  /// The blocks of `range` were answered.
  package mutating func answered() {
    guard let range else { return }
    pace.answered(UInt32(range.count))
    next = UInt64(range.upperBound) + 1
  }

  /// The node refused `range` as too much.
  ///
  /// - Parameter hint: how many blocks it says it would answer for
  package mutating func refused(hint: UInt32? = nil) -> Outcome {
    guard let range else { return .split }
    pace.refused(UInt32(range.count), hint: hint)
    guard range.count == 1 else { return .split }
    next += 1
    return .unanswerable(range.lowerBound)
  }
}
