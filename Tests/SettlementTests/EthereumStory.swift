import Addresses
import Bytes
import ChainTypes
import Database
import Foundation
import HTTPClient
import JSON
import Keys
import NodeRPC
import Payments
import Settings
import Settlement
import TestSupport
import Testing
import Watching

/// A node, a database and a watcher between them.
final class EthereumStory {
  let database: any Database
  let spec: ChainSpec
  let chain: any StoryChain
  private let client: HTTPClient
  private let signer: SigningMachine
  private let service: PaymentService
  let pool: EthereumPool
  private var watcher: EthereumWatcher
  private var orders = 0

  var contracts: [String: EthereumAddress] { chain.contracts }

  /// On the tests' own EVM.
  ///
  /// - Parameter tokens: contracts that are deployed and listed besides, by their symbols
  convenience init(tokens: [String: String] = [:]) async throws {
    try await self.init(on: TesterChain.start(tokens: tokens))
  }

  init(on chain: any StoryChain) async throws {
    self.chain = chain
    client = try HTTPClient()
    let listed = chain.contracts.filter { !["FAKE", "FORWARDER"].contains($0.key) }
    let directory = try TemporaryDirectory()
    spec = try ChainSpecFile.load(
      directory.write("chain.yaml", Self.file(of: chain, listed)))
    signer = try SigningMachine(
      in: directory, policy: Self.policy(listed),
      words: "test test test test test test test test test test test junk")
    database = try await World.database()
    let keys = try AccountKeys(EthereumPaymentTests.account().text, for: spec.family)
    let addresses = AddressPool(database: database, ready: 8)
    try await addresses.register(
      .init(tenant: "shop", region: World.region, epoch: 0, keys: keys))
    let own = try #require(try keys.onBranch(1))
    try await addresses.register(
      .init(
        tenant: "shop", region: World.region, epoch: 0, keys: own, purpose: .treasury))
    _ = try await addresses.fill(spec.family)
    service = PaymentService(
      specs: [spec], policies: ["shop": TenantPolicy()], region: World.region)
    let clock = SystemRPCClock()
    // One server under two names: a quorum of two.
    let nodes = zip(["a", "b"], chain.urls).map { [client] name, url in
      EthereumNode(
        name: name,
        transport: HTTPTransport(client: client, url: url, authentication: .none),
        clock: clock, jitterSeed: 1)
    }
    pool = try EthereumPool(
      nodes: nodes, quorum: 2, identity: .init(chainID: chain.chainID, genesisHash: nil),
      clock: clock)
    watcher = try Self.watcher(spec, pool, database)
    try await follow()
  }

  /// The chain's file: as on real chains, far more wei than a token's units.
  private static func file(
    of chain: any StoryChain, _ tokens: [String: EthereumAddress]
  ) -> String {
    let rules = """
      confirmations: [{ from: "0", depth: 2 }], credit_limits: { single: none, quorum: none }
      """
    let list = tokens.sorted { $0.key < $1.key }.map { symbol, contract in
      """
        - { symbol: \(symbol), contract: "\(contract)", decimals: 6, dust_limit: "0.0001", \(rules) }
      """
    }
    return """
      name: ethereum-dev
      family: ethereum
      network: development
      chain_id: \(chain.chainID)
      profile: ethereum
      asset: { symbol: ETH, decimals: 18 }
      finality_depth: 2
      finality_tag: finalized
      block_milliseconds: 1000
      stall_seconds: 3600
      dust_limit: "0.000000000000002"
      confirmations: [{ from: "0", depth: 2 }]
      credit_limits: { single: none, quorum: none }
      tokens:
      \(list.joined(separator: "\n"))

      """
  }

  /// Pays whom the batch names, within limits that no story comes near.
  private static func policy(_ tokens: [String: EthereumAddress]) throws -> String {
    let limits = (["ETH"] + tokens.keys.sorted()).map {
      "      - { asset: \($0), per_transaction: \"100\", per_day: \"1000\" }"
    }
    return """
      chains:
        - spec: chain.yaml
          accounts: ["\(try EthereumPaymentTests.account().text)"]
          refunds: any
          maximum_fee: "0.1"
          maximum_gas_price: "500"
          maximum_gas: 500000
          limits:
      \(limits.joined(separator: "\n"))

      """
  }

  private static func watcher(
    _ spec: ChainSpec, _ pool: EthereumPool, _ database: any Database
  ) throws -> EthereumWatcher {
    guard case .ethereum(let network) = spec.family else { throw NotAnEVMChain() }
    return EthereumWatcher(
      settings: EthereumWatcherSettings(spec: spec, network: network, start: .tip), pool: pool,
      store: ChainStore(database: database, specs: [spec]), time: SystemTime(),
      watchKey: (3, 4))
  }

  private struct NotAnEVMChain: Error {}

  func restart() throws { watcher = try Self.watcher(spec, pool, database) }

  var treasury: EthereumTreasury {
    EthereumTreasury(spec: spec, pool: pool, database: database, signer: signer) {
      SystemTime().now
    }
  }

  func stop() async throws {
    await chain.stop()
    client.shutdown()
    try await database.close()
  }

  // MARK: The node

  func call(_ method: String, _ parameters: JSONValue...) async throws -> JSONValue {
    try await chain.rpc.call(method, parameters)
  }

  /// The transaction's hash.
  @discardableResult
  func transact(
    _ contract: String, _ function: String, _ arguments: [JSONValue], value: UInt64 = 0
  ) async throws -> JSONValue {
    try await chain.transact(contract, function, arguments, value: value)
  }

  /// Sends ether, in wei.
  func fund(_ payment: Payment, _ value: UInt64) async throws {
    try await fund(payment.terms.address, value)
  }

  func fund(_ address: String, _ value: UInt64) async throws {
    try await chain.fund(address, value)
  }

  func finalize() async throws {
    try await chain.finalize()
    try await follow()
  }

  /// Replaces the last `depth` blocks by `blocks` others, which leave out the transactions `drop`.
  func reorganise(
    _ depth: Int, blocks: Int, dropping drop: [JSONValue] = []
  ) async throws {
    try await chain.reorganise(depth, blocks: blocks, dropping: drop)
    try await follow()
  }

  func mine(_ count: Int) async throws {
    try await chain.mine(count)
    try await follow()
  }

  /// Makes all that stands in blocks final.
  func settle() async throws {
    try await mine(3)
    try await finalize()
  }

  /// Steps until the watcher stands where the node stands.
  func follow() async throws {
    for _ in 0..<50 {
      let report = try await watcher.step()
      if report.isAtTip || report.hold != nil { return }
    }
    Issue.record("the watcher never arrives")
  }

  // MARK: Payments

  func pay(_ symbol: String, _ amount: UInt256) async throws -> Payment {
    orders += 1
    let request = PaymentRequest(
      tenant: "shop", orderID: "order-\(orders)", chain: spec.name,
      asset: try #require(spec.listed(symbol)).asset, amount: amount)
    let (service, random) = (service, (UInt64(orders), UInt64(7)))
    return try await database.write {
      try service.create(request, now: SystemTime().now, random: random, in: $0)
    }
  }

  func statuses(_ payments: [Payment]) async throws -> [PaymentStatus?] {
    try await database.read { connection in
      try payments.map {
        try PaymentRecords.load($0.terms.id, locking: false, in: connection)?.status
      }
    }
  }

  var eventTable: String { database.dialect == .sqlite ? "events" : "outbox" }

  func rows<Value: Sendable>(
    _ sql: String, _ read: @escaping @Sendable (SQLRow) throws -> Value
  ) async throws -> [Value] {
    try await database.read { try $0.query(sql).map(read) }
  }
}
