package import ChainTypes
package import Settings

extension ChainSettings {
  /// What makes a block of this chain count: the one node or a quorum, and work where scanning
  /// began above a pinned block that is young enough to have cost what blocks cost today.
  ///
  /// The pin must be the block above which the database's scanning began.
  package var trust: Set<TrustLevel> {
    var levels: Set<TrustLevel> = [quorum > 1 ? .quorum : .single]
    if let startHeight, startHash != nil, let lowest = spec.creditLimits.workFrom,
      startHeight >= lowest
    {
      levels.insert(.work)
    }
    return levels
  }
}
