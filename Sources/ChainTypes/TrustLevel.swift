package import Bytes

/// What makes a block that a chain's nodes show count as the canonical one. Several may apply.
package enum TrustLevel: Sendable, Hashable {
  /// The word of one node.
  case single
  /// Several nodes have it in their active chains.
  case quorum
  /// Work above a pinned block, where that costs what it should.
  case work
}

/// The largest payment that may be asked for on the strength of each level, in minor units; nil for
/// no limit.
///
/// Roots prove that a transfer is in a block, not that the block is canonical: what is credited on
/// the strength of little must be little.
package struct CreditLimits: Sendable, Equatable {
  package let single: UInt256?
  package let quorum: UInt256?
  package let work: UInt256?
  /// The lowest block that may be pinned for work above it to count; nil where work proves nothing.
  package let workFrom: UInt32?

  package static let none = CreditLimits(single: nil, quorum: nil, work: nil)

  package init(single: UInt256?, quorum: UInt256?, work: UInt256?, workFrom: UInt32? = nil) {
    self.single = single
    self.quorum = quorum
    self.work = work
    self.workFrom = workFrom
  }

  /// The limit of the strongest of `levels`; that of one node's word where there is none.
  package func largestPayment(at levels: Set<TrustLevel>) -> UInt256? {
    var largest = UInt256.zero
    for level in levels.union([.single]) {
      guard let limit = limit(of: level) else { return nil }
      largest = max(largest, limit)
    }
    return largest
  }

  private func limit(of level: TrustLevel) -> UInt256? {
    switch level {
    case .single: single
    case .quorum: quorum
    case .work: work
    }
  }
}
