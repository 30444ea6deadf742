/// How a signed transaction waits that no block holds, counted in its chain's blocks.
package struct OutgoingWait: Hashable, Sendable {
  /// The tip's height when it began.
  package let since: UInt32
  /// Why somebody should look; nil while it waits as others do. Told once, whatever comes then.
  package private(set) var stuck: Reason?

  package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
    /// So many blocks went by without it: its fee is too low, or nodes don't pass it on.
    case unmined
    /// No node has it or takes it.
    case refused
  }

  /// For so long any fee may wait: half an hour, and ten blocks at least.
  private static let patienceMilliseconds: UInt32 = 1_800_000
  private static let fewestBlocks: UInt32 = 10
  /// A refusal waits a fifth of that: one that passes by itself is none.
  private static let refusedPart: UInt32 = 5

  package init(since: UInt32, stuck: Reason? = nil) {
    self.since = since
    self.stuck = stuck
  }

  /// Looks at it with a new tip. Whether that is to be told.
  ///
  /// - Parameter isRefused: whether nodes refused it when it was sent last
  package mutating func look(
    at tip: UInt32, isRefused: Bool, blockMilliseconds: UInt32
  ) -> Bool {
    guard stuck == nil else { return false }
    let patience = max(Self.fewestBlocks, Self.patienceMilliseconds / max(1, blockMilliseconds))
    let passed = tip < since ? 0 : tip - since
    if passed >= patience {
      stuck = .unmined
    } else if isRefused, passed >= patience / Self.refusedPart {
      stuck = .refused
    }
    return stuck != nil
  }
}
