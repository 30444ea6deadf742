internal import ChainTypes
package import Settings
package import Watching

extension ChainSettings {
  /// How a Bitcoin chain's watcher behaves.
  package func bitcoinWatching() throws(OtherFamily) -> WatcherSettings {
    guard case .bitcoin(let network) = spec.family else {
      throw OtherFamily(chain: spec.name, wanted: "Bitcoin")
    }
    return WatcherSettings(spec: spec, network: network, start: start)
  }

  /// How an EVM chain's watcher behaves.
  package func ethereumWatching() throws(OtherFamily) -> EthereumWatcherSettings {
    guard case .ethereum(let network) = spec.family else {
      throw OtherFamily(chain: spec.name, wanted: "EVM")
    }
    var watching = EthereumWatcherSettings(spec: spec, network: network, start: start)
    watching.asksTraces = ethereum?.traces ?? false
    if let count = ethereum?.balanceProofsPerBlock { watching.balanceProofsPerBlock = count }
    return watching
  }

  /// A height with its hash is a pinned anchor, a height alone is taken from the nodes, and without
  /// either watching starts the finality depth below their tip.
  private var start: WatcherSettings.Start {
    switch (startHeight, startHash) {
    case (let height?, let hash?): .block(BlockRef(height: height, hash: hash))
    case (let height?, nil): .height(height)
    case (nil, _): .tip
    }
  }
}
