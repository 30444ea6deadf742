internal import ChainTypes
package import HTTPClient
package import NodeRPC
package import Settings
package import Telemetry

extension ChainSettings {
  /// A Bitcoin chain's configured nodes with the configured quorum, in the file's order, over one
  /// HTTP client. Nothing is asked of them yet. Throws a `NodePoolError`, or `OtherFamily`.
  ///
  /// - Parameters:
  ///   - jitterSeed: random in production, so that processes don't retry in step
  ///   - metrics: counts each node's calls under its name
  package func bitcoinPool(
    client: HTTPClient, clock: any RPCClock, jitterSeed: UInt64, metrics: MetricsRegistry? = nil
  ) throws -> NodePool {
    guard case .bitcoin(let network) = spec.family else {
      throw OtherFamily(chain: spec.name, wanted: "Bitcoin")
    }
    let nodes = nodes.enumerated().map { place, node in
      BitcoinNode(
        name: node.name, transport: node.transport(client), clock: clock,
        jitterSeed: jitterSeed &+ UInt64(place), metrics: metrics)
    }
    return try NodePool(
      nodes: nodes, quorum: quorum, genesisHash: spec.genesisHash, network: network, clock: clock)
  }

  /// The same of an EVM chain.
  package func ethereumPool(
    client: HTTPClient, clock: any RPCClock, jitterSeed: UInt64, metrics: MetricsRegistry? = nil
  ) throws -> EthereumPool {
    guard case .ethereum(let network) = spec.family else {
      throw OtherFamily(chain: spec.name, wanted: "EVM")
    }
    let nodes = nodes.enumerated().map { place, node in
      EthereumNode(
        name: node.name, transport: node.transport(client), clock: clock,
        jitterSeed: jitterSeed &+ UInt64(place), metrics: metrics)
    }
    let identity = EthereumNode.Identity(
      chainID: network.chainID, genesisHash: spec.genesisHash)
    return try EthereumPool(nodes: nodes, quorum: quorum, identity: identity, clock: clock)
  }
}

extension NodeSettings {
  fileprivate func transport(_ client: HTTPClient) -> HTTPTransport {
    HTTPTransport(client: client, url: url.text, authentication: credentials.authentication)
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
