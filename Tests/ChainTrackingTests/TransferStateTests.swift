import ChainTypes
import Testing

@testable import ChainTracking

@Suite("Transfer states")
struct TransferStateTests {
  private static let block = BlockRef(height: 5, hash: hash("b5"))
  private static let other = BlockRef(height: 6, hash: hash("b6"))
  private static let all: [TransferState] = [
    .seen, .included(block), .confirmed(block), .final(block), .replaced(by: hash("x")), .dropped,
    .orphaned(block), .failed, .quarantined(.dust), .quarantined(.unproven),
    .released, .refunded,
  ]
  /// The machine's steps, and `confirmed → included` for a loss of depth alone.
  private static let steps: [String: Set<String>] = [
    "seen": ["included", "replaced", "dropped", "failed", "quarantined"],
    "included": ["confirmed", "orphaned"],
    "confirmed": ["final", "included", "orphaned"],
    "final": ["orphaned"],
    "orphaned": ["seen", "included", "replaced", "dropped", "failed", "quarantined"],
    "dropped": ["seen", "included", "replaced", "failed", "quarantined"],
    "failed": ["included"],
    "replaced": ["seen", "included"],
    "quarantined": ["included", "released", "refunded"],
  ]

  @Test("the machine has the steps that are drawn and no others")
  func steps() {
    for state in Self.all {
      for next in Self.all {
        let expected = Self.steps[state.name]?.contains(next.name) ?? false
        #expect(state.canBecome(next) == expected, "\(state.name) → \(next.name)")
      }
    }
  }

  @Test("a step by depth stays in the transfer's own block")
  func sameBlock() {
    #expect(!TransferState.included(Self.block).canBecome(.confirmed(Self.other)))
    #expect(!TransferState.confirmed(Self.block).canBecome(.final(Self.other)))
    #expect(!TransferState.confirmed(Self.block).canBecome(.included(Self.other)))
    #expect(!TransferState.included(Self.block).canBecome(.orphaned(Self.other)))
    #expect(TransferState.orphaned(Self.block).canBecome(.included(Self.other)))
  }

  @Test("a transfer begins in a mempool, in a block, or set aside")
  func beginnings() {
    let beginnings = Self.all.filter(\.canBegin).map(\.name)
    #expect(beginnings == ["seen", "included", "failed", "quarantined", "quarantined"])
  }

  @Test("a state tells the block it stands in or stood in")
  func blocks() {
    let named = Self.all.filter { $0.block == Self.block }.map(\.name)
    #expect(named == ["included", "confirmed", "final", "orphaned"])
    #expect(Self.all.filter(\.isInActiveChain).map(\.name) == ["included", "confirmed", "final"])
  }
}
