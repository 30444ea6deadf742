internal import ChainTypes
package import Settings
package import Watching

extension ChainSettings {
  /// How the chain's watcher behaves: a height with its hash is a pinned anchor, a height alone is
  /// taken from the nodes, and without either watching starts the
  /// finality depth below their tip.
  package func watcherSettings() throws(NoWatcher) -> WatcherSettings {
    let start: WatcherSettings.Start =
      switch (startHeight, startHash) {
      case (let height?, let hash?): .block(BlockRef(height: height, hash: hash))
      case (let height?, nil): .height(height)
      case (nil, _): .tip
      }
    switch spec.family {
    case .bitcoin(let network):
      return WatcherSettings(spec: spec, network: network, start: start)
    case .ethereum: throw NoWatcher(chain: spec.name)
    }
  }
}
