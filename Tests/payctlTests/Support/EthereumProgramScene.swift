import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Deployment
import EventLog
import Foundation
import HTTPClient
import Keys
import NodeRPC
import Payments
import Settings
import Settlement
import TestDatabases
import TestSupport
import Watching

/// A simulated EVM node behind a loopback port, a configuration that names it, and the database of
/// a watcher that has watched it in this process, as `paywatch` would in another.
final class EthereumProgramScene: ProgramScene {
  let scratch: TemporaryDirectory
  let chainName = "dev"
  let node: SimulatedEthereumNode
  /// The tenant's own, from which refunds are paid.
  let treasury: EthereumAddress
  let store: TestStore
  let database: any Database
  private let chain: ChainSettings
  private let watcher: EthereumWatcher
  private let addresses: AddressPool
  private let client: HTTPClient
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
    let configuration = try PaywatchConfiguration.load(
      scratch.path("paywatch.yaml"), environment: [:])
    chain = configuration.chains[0]
    database = try store.open()
    try await Schema.migrate(database)
    client = try HTTPClient()
    watcher = EthereumWatcher(
      settings: try chain.ethereumWatching(),
      pool: try chain.ethereumPool(client: client, clock: SystemRPCClock(), jitterSeed: 1),
      store: ChainStore(database: database, specs: [chain.spec]), time: SystemTime(),
      watchKey: (1, 2))
    addresses = AddressPool(database: database, ready: 4)
    for (branch, purpose) in [(0, AccountPurpose.payments), (1, .treasury)] {
      let keys = try AccountKeys(account.onBranch(UInt32(branch)).text, for: chain.spec.family)
      try await addresses.register(
        .init(tenant: "shop", region: "eu", epoch: 0, keys: keys, purpose: purpose))
    }
    try await settle()
  }

  func close() async throws {
    await server.stop()
    client.shutdown()
    try await database.close()
  }

  /// Makes addresses ready, and steps the watcher until it stands at the node's head and has
  /// nothing to do.
  func settle() async throws {
    _ = try await addresses.fill(chain.spec.family)
    var report = try await watcher.step()
    while report.isBusy || report.transferChanges > 0 { report = try await watcher.step() }
    try await Sequencer(database: database).drain()
  }

  func request(_ symbol: String, _ amount: UInt64, order: UInt64) async throws -> Payment {
    let service = PaymentService(
      specs: [chain.spec], policies: ["shop": TenantPolicy()], region: "eu")
    guard let asset = chain.spec.listed(symbol)?.asset else {
      throw CocoaError(.featureUnsupported)
    }
    let request = PaymentRequest(
      tenant: "shop", orderID: "order-\(order)", chain: chain.spec.name, asset: asset,
      amount: .init(amount), expiresInSeconds: nil)
    return try await database.write {
      try service.create(request, now: SystemTime().now, random: (order, 7), in: $0)
    }
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
