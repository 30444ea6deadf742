import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Deployment
import Foundation
import HTTPClient
import Keys
import NodeRPC
import Payments
import SQLite
import Settings
import Settlement
import TestSupport
import Watching

/// A simulated EVM node behind a loopback port, a configuration that names it, and the database of
/// a watcher that has watched it in this process, as `paywatch` would in another.
final class EthereumProgramScene {
  let scratch: TemporaryDirectory
  let node: SimulatedEthereumNode
  let database: SQLiteDatabase
  private let chain: ChainSettings
  private let watcher: EthereumWatcher
  private let client: HTTPClient
  private let server: ChainSimServer

  init() async throws {
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
      database: { sqlite: paywatch.sqlite }
      chains_directory: \(scratch.url.path)
      chains:
        - name: dev
          start_height: 0
          traces: true
          nodes: [{ name: node-1, url: "\(server.url)" }]

      """.utf8)
    let configuration = try PaywatchConfiguration.load(
      scratch.url.appending(path: "paywatch.yaml").path, environment: [:])
    chain = configuration.chains[0]
    database = try SQLiteDatabase(path: scratch.url.appending(path: "paywatch.sqlite").path)
    try await Schema.migrate(database)
    client = try HTTPClient()
    watcher = EthereumWatcher(
      settings: try chain.ethereumWatching(),
      pool: try chain.ethereumPool(client: client, clock: SystemRPCClock(), jitterSeed: 1),
      store: ChainStore(database: database, specs: [chain.spec]), time: SystemTime(),
      watchKey: (1, 2))
    let addresses = AddressPool(database: database, ready: 4)
    try await addresses.register(
      .init(tenant: "shop", region: "eu", epoch: 0, keys: try Self.keys(for: chain.spec.family)))
    _ = try await addresses.fill(chain.spec.family)
    try await settle()
  }

  private static func keys(for family: ChainSpec.Family) throws -> AccountKeys {
    let words = "test test test test test test test test test test test junk"
    let master = try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
    let path = try EthereumAccount.path(account: 0, coinType: 60)
    let account = try EthereumAccount(
      origin: KeyOrigin(fingerprint: master.fingerprint, path: path),
      key: master.descendant(path).extendedPublicKey, branch: ChildNumber(rawValue: 0),
      isTest: false)
    return try AccountKeys(account.text, for: family)
  }

  func close() async throws {
    await server.stop()
    client.shutdown()
    try await database.close()
  }

  /// Steps the watcher until it stands at the node's head and has nothing to do.
  func settle() async throws {
    var report = try await watcher.step()
    while report.isBusy || report.transferChanges > 0 { report = try await watcher.step() }
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

  func payctl(_ arguments: String...) async throws -> Program.Outcome {
    try await Program.payctl.finish(arguments)
  }

  func proof(_ payment: Payment) async throws -> Program.Outcome {
    try await payctl(
      "payment", "proof", payment.terms.id, "--database",
      scratch.url.appending(path: "paywatch.sqlite").path)
  }

  func rescan(_ arguments: String...) async throws -> Program.Outcome {
    try await Program.payctl.finish(
      [
        "rescan", "--config", scratch.url.appending(path: "paywatch.yaml").path, "--chain", "dev",
      ] + arguments)
  }
}

extension Payment {
  var recipient: EthereumAddress {
    get throws { try EthereumAddress(terms.address) }
  }
}
