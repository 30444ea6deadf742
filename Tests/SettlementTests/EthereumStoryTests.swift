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

/// Payments on a chain whose blocks a real EVM makes.
@Suite("The way of payments on a real EVM")
struct EthereumStoryTests {
  @Test("ether and tokens are credited once they are proved, and settle with the chain's finality")
  func paid() async throws {
    let story = try await EthereumStory()
    let coins = try await story.pay("ETH", 1_000_000_000_000_000_000)
    let inner = try await story.pay("ETH", 2_500)
    let usdc = try await story.pay("USDC", 12_500_000)
    let usdt = try await story.pay("USDT", 3_000_000)
    let statuses = { try await story.statuses([coins, inner, usdc, usdt]) }

    try await story.fund(coins, 1_000_000_000_000_000_000)
    try await story.transact(
      "FORWARDER", "forward", [.string(inner.terms.address)], value: 2_500)
    try await story.transact("USDC", "transfer", [.string(usdc.terms.address), "12500000"])
    try await story.transact("USDT", "transfer", [.string(usdt.terms.address), "3000000"])
    #expect(try await statuses() == [.open, .open, .open, .open])

    try await story.mine(1)
    #expect(
      try await statuses() == [.processing, .processing, .processing, .processing])
    try await story.mine(1)
    #expect(try await statuses() == [.paid, .paid, .paid, .paid])
    try await story.mine(3)
    #expect(try await statuses() == [.paid, .paid, .paid, .paid], "deep, but not called final")
    _ = try await story.call("test_finalize")
    try await story.follow()
    #expect(try await statuses() == [.settled, .settled, .settled, .settled])
    let positions = try await story.rows("SELECT position FROM transfers ORDER BY position") {
      try $0.text("position")
    }
    #expect(positions == ["log:0", "log:0", "trace:0", "value"])
    try await story.stop()
  }

  @Test("what only looks like money is told with its reason and pays nothing")
  func lookalikes() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("USDC", 5_000_000)
    let address = JSONValue.string(payment.terms.address)
    // Another contract under the same name; nothing at all; value in calls that are undone, or that
    // move nothing by their kind; ether where a token is due; less than arrives.
    try await story.transact("FAKE", "transfer", [address, "5000000"])
    try await story.transact("USDC", "transfer", [address, "0"])
    try await story.transact("FORWARDER", "innerReverts", [address], value: 700)
    try await story.transact("FORWARDER", "forwardAndRevert", [address], value: 700)
    try await story.transact("FORWARDER", "delegate", [address], value: 700)
    try await story.fund(payment, 123_456_789)
    try await story.mine(4)

    #expect(try await story.statuses([payment]) == [.open])
    let transfers = try await story.rows(
      "SELECT contract, state, detail, value FROM transfers ORDER BY contract, value"
    ) {
      [
        try $0.text("contract"), try $0.text("state"), try $0.optionalText("detail") ?? "",
        try $0.amount("value").decimal,
      ]
    }
    let contracts = story.contracts.mapValues { "0x\($0.hash.hex)" }
    #expect(
      Set(transfers) == [
        [contracts["FAKE"] ?? "", "confirmed", "", "5000000"],
        [contracts["USDC"] ?? "", "quarantined", "dust", "0"],
        ["", "confirmed", "", "123456789"],
      ])
    let misdirected = try await story.rows(
      "SELECT COUNT(*) AS n FROM \(story.eventTable) WHERE type = 'transfer.misdirected'"
    ) { try $0.integer("n") }
    #expect(misdirected == [2], "the other contract's token, and ether")
    try await story.stop()
  }

  @Test("a reorganisation takes back and restores, whatever it does to the order in blocks")
  func reorganised() async throws {
    let story = try await EthereumStory()
    let first = try await story.pay("USDC", 1_000)
    let second = try await story.pay("ETH", 5_000)
    let dropped = try await story.pay("USDT", 9_000)
    try await story.transact("USDC", "transfer", [.string(first.terms.address), "1000"])
    try await story.fund(second, 5_000)
    let lost = try await story.transact(
      "USDT", "transfer", [.string(dropped.terms.address), "9000"])
    try await story.mine(2)
    #expect(try await story.statuses([first, second, dropped]) == [.paid, .paid, .paid])

    _ = try await story.call(
      "test_reorg", 2, ["blocks": 3, "drop": [lost], "reversed": true])
    try await story.follow()
    #expect(try await story.statuses([first, second, dropped]) == [.paid, .paid, .open])
    let transfers = try await story.rows("SELECT state FROM transfers ORDER BY state") {
      try $0.text("state")
    }
    #expect(transfers == ["confirmed", "confirmed", "orphaned"], "none of them counts twice")
    try await story.stop()
  }

  @Test("a history that contradicts what was final halts crediting")
  func brokenFinality() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("ETH", 5_000)
    try await story.mine(3)
    _ = try await story.call("test_finalize")
    try await story.follow()
    try await story.fund(payment, 5_000)
    _ = try await story.call("test_reorg", 3, ["blocks": 5])
    try await story.follow()
    let halts = try await story.rows("SELECT halt FROM chains") { try $0.optionalText("halt") }
    #expect(halts.first??.contains("final") == true)
    #expect(try await story.statuses([payment]) == [.processing], "nothing is confirmed any more")
    try await story.stop()
  }

  @Test("a watcher that starts anew goes on where the store stands")
  func restarted() async throws {
    let story = try await EthereumStory()
    let payment = try await story.pay("USDT", 9_000)
    try await story.transact("USDT", "transfer", [.string(payment.terms.address), "9000"])
    try await story.mine(1)
    try story.restart()
    try await story.mine(1)
    #expect(try await story.statuses([payment]) == [.paid])
    let chain = story.spec.name
    let holes = try await story.database.read {
      try ChainRecords.coverageHoles(of: chain, in: $0)
    }
    #expect(holes == [])
    try await story.stop()
  }
}

/// A node, a database and a watcher between them.
private final class EthereumStory {
  let database: any Database
  let spec: ChainSpec
  let contracts: [String: EthereumAddress]
  private let node: EthereumTester
  private let client: HTTPClient
  private let directory: TemporaryDirectory
  private let service: PaymentService
  private let pool: EthereumPool
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
    _ = try await call("test_fund", .string(payment.terms.address), Self.quantity(value))
  }

  private static func quantity(_ value: UInt64) -> JSONValue {
    .string("0x" + String(value, radix: 16))
  }

  func mine(_ count: Int) async throws {
    _ = try await call("test_mine", .number("\(count)"))
    try await follow()
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
