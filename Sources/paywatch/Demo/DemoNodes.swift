internal import Addresses
internal import ChainSim
internal import Foundation
internal import NodeRPC

/// The demos' simulated chains, each behind a port of this machine.
struct DemoNodes: Sendable {
  let bitcoin: SimulatedBitcoinNode
  let ethereum: SimulatedEthereumNode
  private let servers: [ChainSimServer]

  var url: String { servers[0].url }
  var ethereumURL: String { servers[1].url }

  /// Bitcoin's cookie and the description of the EVM chain are written into `directory`.
  static func start(in directory: URL) async throws -> DemoNodes {
    let seed = UInt64(Date().timeIntervalSince1970)
    Console.print("A Bitcoin-like chain: 120 blocks, so that its first coins can be spent")
    let bitcoin = SimulatedBitcoinNode(
      name: "demo", seed: seed, clock: SystemRPCClock(), hasTransactionIndex: true
    ) { UInt32(clamping: Int64(Date().timeIntervalSince1970)) }
    try bitcoin.mine(120)
    Console.print("An EVM-like chain with a USDC-like and a USDT-like token")
    let ethereum = SimulatedEthereumNode(
      name: "demo-ethereum", options: EthereumChainOptions(chainID: 1_337, finalizedDepth: 6),
      seed: seed, clock: SystemRPCClock()
    ) { UInt64(max(0, Date().timeIntervalSince1970)) }
    for _ in 0..<8 { _ = try ethereum.mine() }
    try DemoConfiguration.ethereumChain(
      usdc: SimulatedContracts.usdc.text, usdt: SimulatedContracts.usdt.text
    ).write(
      to: directory.appending(path: "ethereum-demo.yaml"), atomically: true, encoding: .utf8)
    let server = try await ChainSimServer.start(
      bitcoin, port: 0,
      authentication: .cookie(file: directory.appending(path: "cookie").path))
    let other = try await ChainSimServer.start(ethereum, port: 0)
    return DemoNodes(bitcoin: bitcoin, ethereum: ethereum, servers: [server, other])
  }

  func stop() async {
    for server in servers { await server.stop() }
  }
}
