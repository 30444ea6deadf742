import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import Keys
import NodeRPC
import Payments
import Settlement
import TestDatabases
import TestSupport

/// A simulated EVM node behind a loopback port, a configuration that names it, and the database of
/// a watcher that has watched it in this process, as `paywatch` would in another.
final class EthereumProgramScene: ProgramScene {
  let scratch: TemporaryDirectory
  let chainName = "dev"
  let node: SimulatedEthereumNode
  /// The tenant's own, from which refunds are paid.
  let treasury: EthereumAddress
  let store: TestStore
  private let watched: WatchedProgramChain
  private let server: ChainSimServer

  init(_ engine: TestEngine = .sqlite) async throws {
    store = try await TestStore(engine)
    let account = try SignScene.account()
    treasury = try account.onBranch(1).address(at: 0)
    scratch = try TemporaryDirectory()
    node = SimulatedEthereumNode(seed: 1, clock: SystemRPCClock()) {
      UInt64(Date.now.timeIntervalSince1970)
    }
    try node.mine(3)
    server = try await ChainSimServer.start(node)
    try scratch.write(
      "dev.yaml",
      """
      name: dev
      family: ethereum
      network: development
      chain_id: \(EthereumChainOptions().chainID)
      profile: ethereum
      asset: { symbol: ETH, decimals: 18 }
      finality_depth: 4
      block_milliseconds: 1000
      stall_seconds: 86400
      dust_limit: "0.000000000000000001"
      confirmations: [{ from: "0", depth: 2 }]
      credit_limits: { single: none, quorum: none }
      tokens:
        - symbol: USDC
          contract: "\(SimulatedContracts.usdc)"
          decimals: 6
          dust_limit: "0.000001"
          confirmations: [{ from: "0", depth: 2 }]
          credit_limits: { single: none, quorum: none }

      """.utf8)
    try scratch.write(
      "paywatch.yaml",
      """
      region: eu
      database: \(try store.setting(in: scratch))
      chains_directory: \(scratch.url.path)
      chains:
        - name: dev
          start_height: 0
          traces: true
          nodes: [{ name: node-1, url: "\(server.url)" }]
      tenants:
        - id: shop
          accounts: [{ family: ethereum, descriptor: "\(account.text)" }]

      """.utf8)
    watched = try await WatchedProgramChain(
      configuration: scratch.path("paywatch.yaml"), store
    ) { spec, branch in try AccountKeys(account.onBranch(branch).text, for: spec.family) }
  }

  var database: any Database { watched.database }

  func close() async throws {
    await server.stop()
    try await watched.close()
  }

  func settle() async throws { try await watched.settle() }

  func request(_ symbol: String, _ amount: UInt64, order: UInt64) async throws -> Payment {
    try await watched.request(amount, of: symbol, order: order)
  }

  func proof(_ payment: Payment) async throws -> Program.Outcome {
    try await payctl(
      "payment", "proof", payment.terms.id, "--database", databasePath)
  }

  func rescan(_ arguments: String...) async throws -> Program.Outcome {
    try await Program.payctl.finish(
      ["rescan", "--config", configPath, "--chain", chainName] + arguments)
  }
}

extension Payment {
  var recipient: EthereumAddress {
    get throws { try EthereumAddress(terms.address) }
  }
}
