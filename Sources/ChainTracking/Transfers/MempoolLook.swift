package import Bytes

/// What a mempool holds at one moment, as far as it concerns watched addresses.
package struct MempoolLook: Sendable {
  /// Transfers to watched addresses: those not known yet and, at the caller's choice, known ones.
  package let found: [FoundTransfer]
  /// The txids in the mempool. One that is missing means something only if the look is complete.
  package let present: Set<Hash32>
  /// Spends of pending inputs by transactions in the mempool.
  package let spends: [Spend]
  /// The whole mempool, of a node whose tip is ours: what is absent has left it.
  package let isComplete: Bool
  /// Txids that are to be kept although they are absent: another node has them, or nobody has
  /// confirmed yet that they left.
  package let kept: Set<Hash32>

  package init(
    found: [FoundTransfer], present: Set<Hash32>, spends: [Spend], isComplete: Bool,
    kept: Set<Hash32> = []
  ) {
    self.found = found
    self.present = present
    self.spends = spends
    self.isComplete = isComplete
    self.kept = kept
  }
}
