internal import Bitcoin
package import Bytes
package import ChainTypes
package import Settings

extension ChainSettings {
  /// What makes a block of this chain count: the one node or a quorum, and work where scanning
  /// began above a pinned block that is young enough to have cost what blocks cost today.
  ///
  /// The pin must be the block above which the database's scanning began.
  package var trust: Set<TrustLevel> {
    var levels: Set<TrustLevel> = [quorum > 1 ? .quorum : .single]
    if provability == .work, let startHeight, startHash != nil,
      let lowest = spec.creditLimits.workFrom, startHeight >= lowest
    {
      levels.insert(.work)
    }
    return levels
  }

  /// The largest payment in an asset that may be asked for, in minor units; nil for no limit.
  package func largestPayment(in asset: ListedAsset) -> UInt256? {
    asset.creditLimits.largestPayment(at: trust)
  }

  /// What checking headers proves on this network, for operators, without a full stop.
  package var proof: String {
    switch provability {
    case .work:
      trust.contains(.work)
        ? "work above the pinned block" : "work, but above no block that is pinned and young enough"
    case .cheapWork: "little: easy blocks make forging cheap, so believe your own node"
    case .challengeUnchecked: "little: signet's signatures aren't checked, so believe your own node"
    case .nothing: "nothing: it is for tests"
    case nil: "what is in a block, but not that it counts, which the nodes are believed"
    }
  }

  /// Nil where headers show no work.
  private var provability: HeaderRules.Provability? {
    switch spec.family {
    case .bitcoin(let network): HeaderRules(network).provability
    case .ethereum: nil
    }
  }
}
