package import Bytes

/// What makes a block that a chain's nodes show count as the canonical one.
package enum TrustLevel: Sendable, Hashable {
  /// The word of one node.
  case single
  /// That many nodes have it in their active chains.
  case quorum(Int)
  /// Work above a pinned block, on a network where work costs what it should.
  case work
}

/// The largest payment that may be asked for at each level, in minor units; nil for no limit.
///
/// Roots prove that a transfer is in a block, not that the block is canonical: what is credited on
/// the strength of little must be little.
package struct CreditLimits: Sendable, Equatable {
  package let single: UInt256?
  package let quorum: UInt256?
  package let work: UInt256?

  package static let none = CreditLimits(single: nil, quorum: nil, work: nil)

  package init(single: UInt256?, quorum: UInt256?, work: UInt256?) {
    self.single = single
    self.quorum = quorum
    self.work = work
  }

  package func largestPayment(at level: TrustLevel) -> UInt256? {
    switch level {
    case .single: single
    case .quorum: quorum
    case .work: work
    }
  }
}
