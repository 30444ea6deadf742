internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTracking
internal import ChainTypes
internal import Ethereum
internal import Foundation
internal import HTTPClient
internal import NodeRPC
internal import Watching

/// A node that answers `eth_getLogs` behind a port of this machine, and the search for blocks that
/// pay watched addresses by it.
struct DiscoveryPipeline {
  private let node: SimulatedEthereumNode
  private let server: ChainSimServer
  private let client: HTTPClient
  private let remote: EthereumNode
  private let discovery: LogDiscovery
  let logsPerBlock: Int

  /// Watches as many addresses as there are scripts; some blocks pay one of them.
  static func start(_ settings: Settings) async throws -> DiscoveryPipeline {
    let clock = SystemRPCClock()
    let node = SimulatedEthereumNode(seed: 1, clock: clock) { 1_700_000_000 }
    try node.mine(3)
    let source = ScriptSource(seed: 3)
    func address(_ index: Int) -> [UInt8] { Array(source.script(index * 10).suffix(20)) }
    let logs = try LogNode(
      node,
      receipts: settings.vectors.appending(path: "ethereum/mainnet/receipts-21925176.json"),
      paying: address(settings.scripts / 2))
    let server = try await ChainSimServer.start(logs)
    let client = try HTTPClient()
    let remote = EthereumNode(
      name: "stub",
      transport: HTTPTransport(client: client, url: server.url, authentication: .none),
      clock: clock, jitterSeed: 1)
    var watched = WatchSet(key: (.random(in: .min ... .max), .random(in: .min ... .max)))
    for index in 0..<settings.scripts {
      watched.insert(script: address(index), ordinal: UInt64(index + 1))
    }
    let pool = try EthereumPool(
      nodes: [remote], quorum: 1,
      identity: .init(chainID: node.options.chainID, genesisHash: nil), clock: clock)
    return DiscoveryPipeline(
      node: node, server: server, client: client, remote: remote,
      discovery: LogDiscovery(pool: pool, spec: try spec(node), watching: watched),
      logsPerBlock: logs.logsPerBlock)
  }

  private static func spec(_ node: SimulatedEthereumNode) throws -> ChainSpec {
    func listed(_ asset: Asset) -> ListedAsset {
      ListedAsset(
        asset, dustLimit: 1, confirmationTiers: [.init(from: 0, confirmations: 2)],
        creditLimits: .none)
    }
    guard let name = ChainName("discovery") else { throw BenchmarkFailure("no chain's name") }
    return ChainSpec(
      name: name,
      family: .ethereum(
        EthereumNetwork(
          chainID: node.options.chainID, profile: node.options.profile, kind: .development)),
      coin: listed(.eth),
      tokens: try zip(["USDC", "USDT"], LogNode.contracts).map { symbol, contract in
        listed(
          Asset(symbol: symbol, decimals: 6, contract: try EthereumAddress(contract).hash))
      },
      genesisHash: nil, finalityDepth: 64, blockMilliseconds: 12_000, stallSeconds: 3_600)
  }

  private func range(_ blocks: Int) -> ClosedRange<UInt32> {
    LogNode.heights.lowerBound...LogNode.heights.lowerBound + UInt32(blocks) - 1
  }

  func discover(_ blocks: Int) async throws {
    let range = range(blocks)
    let found = try await discovery.blocks(in: range, upTo: node.tip)
    guard found.tellers.keys.sorted() == range.filter(LogNode.paysUs) else {
      throw BenchmarkFailure("the search found other blocks than those that pay")
    }
  }

  /// Asks as the search does, and does nothing with the answers.
  func fetch(_ blocks: Int) async throws {
    var search = LogSearch(range(blocks))
    let filter = LogFilter(
      addresses: try LogNode.contracts.map { try EthereumAddress($0) },
      topics: [[TokenTransfer.topic]])
    while try await remote.logs(filter, searching: &search) != .finished {}
  }

  func close() async throws {
    await server.stop()
    client.shutdown()
  }
}
