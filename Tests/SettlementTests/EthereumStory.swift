import Addresses
import Bytes
import ChainTypes
import Database
import Foundation
import HTTPClient
import JSON
import Keys
import LocalServers
import NodeRPC
import Payments
import Settlement
import TestSupport
import Testing
import Watching

/// A node, a database and a watcher between them.
final class EthereumStory {
  let database: any Database
  let spec: ChainSpec
  let contracts: [String: EthereumAddress]
  private let node: EthereumTester
  private let client: HTTPClient
  private let directory: TemporaryDirectory
  private let service: PaymentService
  let pool: EthereumPool
  private var watcher: EthereumWatcher
  private var orders = 0

  init() async throws {
    directory = try TemporaryDirectory()
    client = try HTTPClient()
    node = try await EthereumTester.start(
      directory: directory.path("node"), package: PackageFiles.root.path, chainID: 31_337)
    let answer = try await Self.call(client, node, "test_contracts", [])
    var contracts: [String: EthereumAddress] = [:]
    for name in ["USDC", "USDT", "FAKE", "FORWARDER"] {
      contracts[name] = try EthereumAddress(#require(answer[name]?["address"]?.string))
    }
    self.contracts = contracts
    spec = try Self.spec(contracts)
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
    let url = node.url
    let nodes = ["a", "b"].map { [client] name in
      EthereumNode(
        name: name,
        transport: HTTPTransport(client: client, url: url + "/" + name, authentication: .none),
        clock: clock, jitterSeed: 1)
    }
    pool = try EthereumPool(
      nodes: nodes, quorum: 2, identity: .init(chainID: 31_337, genesisHash: nil), clock: clock)
    watcher = try Self.watcher(spec, pool, database)
    try await follow()
  }

  private static func spec(_ contracts: [String: EthereumAddress]) throws -> ChainSpec {
    // As on real chains, far more wei than a token's units.
    func listed(_ asset: Asset) -> ListedAsset {
      ListedAsset(
        asset, dustLimit: asset == .eth ? 2_000 : 100,
        confirmationTiers: [.init(from: 0, confirmations: 2)],
        creditLimits: .none)
    }
    return try ChainSpec(
      name: #require(ChainName("ethereum-dev")),
      family: .ethereum(
        EthereumNetwork(chainID: 31_337, profile: .ethereum, kind: .development)),
      coin: listed(.eth),
      tokens: ["USDC", "USDT"].map { symbol in
        listed(Asset(symbol: symbol, decimals: 6, contract: contracts[symbol]?.hash))
      },
      genesisHash: nil, finalityDepth: 2, finalityTag: .finalized, blockMilliseconds: 1_000,
      stallSeconds: 3_600)
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
    EthereumTreasury(spec: spec, pool: pool, database: database) { SystemTime().now }
  }

  func stop() async throws {
    await node.stop()
    try await database.close()
  }

  // MARK: The node

  func call(_ method: String, _ parameters: JSONValue...) async throws -> JSONValue {
    try await Self.call(client, node, method, parameters)
  }

  private static func call(
    _ client: HTTPClient, _ node: EthereumTester, _ method: String, _ parameters: [JSONValue]
  ) async throws -> JSONValue {
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(parameters),
    ]
    let response = try await client.send(
      HTTPRequest(
        method: .post, url: node.url,
        headers: [HTTPHeader("Content-Type", "application/json")], body: request.bytes,
        timeoutMilliseconds: 60_000, maxResponseBytes: 1 << 22))
    let answer = try JSONValue(parsing: response.body)
    return try #require(answer["result"], "\(answer.json)")
  }

  @discardableResult
  func transact(
    _ contract: String, _ function: String, _ arguments: [JSONValue], value: UInt64 = 0
  ) async throws -> JSONValue {
    let numbers = arguments.map { argument -> JSONValue in
      guard let text = argument.string, !text.hasPrefix("0x") else { return argument }
      return .number(text)
    }
    return try await call(
      "test_transact", .string(contract), .string(function), .array(numbers),
      ["value": Self.quantity(value)])
  }

  /// Sends ether, in wei.
  func fund(_ payment: Payment, _ value: UInt64) async throws {
    try await fund(payment.terms.address, value)
  }

  func fund(_ address: String, _ value: UInt64) async throws {
    _ = try await call("test_fund", .string(address), Self.quantity(value))
  }

  func finalize() async throws {
    _ = try await call("test_finalize")
    try await follow()
  }

  private static func quantity(_ value: UInt64) -> JSONValue {
    .string("0x" + String(value, radix: 16))
  }

  func mine(_ count: Int) async throws {
    _ = try await call("test_mine", .number("\(count)"))
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
