package import ChainTypes
package import Settings

extension ChainSettings {
  /// What makes a block of this chain count: work where scanning began above a pinned block of a
  /// network whose work costs something, else a quorum, else the one node.
  package var trust: TrustLevel {
    switch spec.family {
    case .bitcoin(let network):
      if network.kind == .mainnet, startHash != nil { return .work }
      return quorum > 1 ? .quorum(quorum) : .single
    }
  }
}
