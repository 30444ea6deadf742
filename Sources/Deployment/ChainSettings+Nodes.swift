internal import ChainTypes
package import HTTPClient
package import NodeRPC
package import Settings
package import Telemetry

extension ChainSettings {
  /// The chain's configured nodes, in the file's order, over one HTTP client. Nothing is asked of
  /// them yet.
  ///
  /// - Parameters:
  ///   - jitterSeed: random in production, so that processes don't retry in step
  ///   - metrics: counts each node's calls under its name
  package func configuredNodes(
    client: HTTPClient, clock: any RPCClock, jitterSeed: UInt64, metrics: MetricsRegistry? = nil
  ) -> [BitcoinNode] {
    nodes.enumerated().map { place, node in
      BitcoinNode(
        name: node.name,
        transport: HTTPTransport(
          client: client, url: node.url.text, authentication: node.credentials.authentication),
        clock: clock, jitterSeed: jitterSeed &+ UInt64(place), metrics: metrics)
    }
  }

  /// The configured nodes with the configured quorum: a `NodePoolError`, or `NoWatcher`.
  package func nodePool(
    client: HTTPClient, clock: any RPCClock, jitterSeed: UInt64, metrics: MetricsRegistry? = nil
  ) throws -> NodePool {
    let nodes = configuredNodes(
      client: client, clock: clock, jitterSeed: jitterSeed, metrics: metrics)
    switch spec.family {
    case .bitcoin(let network):
      return try NodePool(
        nodes: nodes, quorum: quorum, genesisHash: spec.genesisHash, network: network,
        clock: clock)
    case .ethereum: throw NoWatcher(chain: spec.name)
    }
  }
}

extension NodeSettings.Credentials {
  fileprivate var authentication: RPCAuthentication {
    switch self {
    case .none: .none
    case .password(let user, let password): .password(user: user, password: password.text)
    case .cookieFile(let path): .cookie(file: path)
    }
  }
}
