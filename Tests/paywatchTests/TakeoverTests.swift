import Addresses
import Bitcoin
import ChainSim
import ChainTypes
import Database
import EventLog
import Foundation
import JSON
import Leases
import LocalServers
import LoopbackHTTP
import NodeRPC
import SQLite
import Tenancy
import TestSupport
import Testing

@Suite("paywatch serve in several processes", .serialized)
struct TakeoverTests {
  @Test("a watcher that sleeps past its lease finds another one there, and writes nothing")
  func paused() async throws {
    let scene = try await Scene()
    try await scene.pay("first", mining: 1)
    let leader = try await scene.leader()
    leader.send(.stop)
    // Only another one can see it paid.
    try await scene.pay("while-it-sleeps", mining: 1)
    let other = try await scene.leader()
    #expect(other.pid != leader.pid)
    leader.send(.continue)
    try await scene.pay("once-it-is-awake", mining: 6)
    try await scene.wait("it has noticed") { leader.logTail().contains("lease lost") }
    #expect(try await scene.leader().pid == other.pid)
    for story in try await scene.stories() {
      #expect(story.count { $0 == "payment.paid" } == 1, "\(story)")
      #expect(story.contains("payment.settled"), "\(story)")
    }
    try await scene.end()
  }
}

/// Two watchers and an API on one SQLite file, each a process, and a simulated chain here.
private final class Scene {
  private let directory: TemporaryDirectory
  private let node: SimulatedBitcoinNode
  private let chain: ChainSimServer
  private let watchers: [ServerProcess]
  private let api: ServerProcess
  private let port: Int
  private let database: SQLiteDatabase
  private let key = APIKey.generate()
  private var payments: [String] = []

  /// Of BIP-0084's published words, on test networks.
  private static let descriptor =
    "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39"
    + "yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w"

  init() async throws {
    let directory = try TemporaryDirectory()
    self.directory = directory
    node = SimulatedBitcoinNode(
      name: "node", seed: 57, clock: SystemRPCClock(), hasTransactionIndex: true
    ) { UInt32(clamping: Int64(Date().timeIntervalSince1970)) }
    try node.mine(120)
    chain = try await ChainSimServer.start(
      node, port: 0, authentication: .cookie(file: directory.path("cookie")))
    let configuration = try directory.write(
      "paywatch.yaml",
      Array(
        """
        region: test
        listen: {port: 0}
        database: {sqlite: paywatch.sqlite}
        address_pool: {ready: 20}
        chains_directory: \(PackageFiles.root.appending(path: "chains").path)
        chains:
          - name: bitcoin-regtest
            poll_milliseconds: 100
            nodes: [{url: "\(chain.url)", cookie_file: cookie}]
        tenants:
          - {id: shop, accounts: [{descriptor: "\(Self.descriptor)"}]}
        """.utf8))
    func start(_ name: String, _ roles: String, port: UInt16 = 0) throws -> ServerProcess {
      var command = ServerProcess.Command(
        [
          Program.products.appending(path: "paywatch").path, "serve", "--config", configuration,
          "--roles", roles,
        ], log: directory.path("\(name).log"))
      command.environment = ["PAYWATCH_LISTEN_PORT": "\(port)"]
      return try ServerProcess(command)
    }
    let port = try LocalPorts.one()
    self.port = Int(port)
    api = try start("api", "api", port: port)
    let connection = { try? await TestConnection(port: Int(port)).send("GET", "/api/health/live") }
    try await api.waitUntilReady(within: .seconds(120)) { await connection()?.status == 200 }
    watchers = try ["one", "two"].map { try start($0, "watcher,relay,services") }
    database = try SQLiteDatabase(path: directory.path("paywatch.sqlite"))
    let key = key
    try await database.write {
      try APIKeys.issue(
        key, tenant: "shop", label: "test", now: Timestamp(seconds: 1_800_000_000), in: $0)
    }
  }

  /// Makes a payment, pays and mines, and waits until it counts as paid.
  func pay(_ order: String, mining blocks: Int) async throws {
    var made: JSONValue?
    try await wait("an address is ready") {
      let answer = try await TestConnection(port: self.port).send(
        "POST", "/v1/payments",
        headers: [
          "Authorization": "Bearer \(self.key.text)", "Content-Type": "application/json",
          "Idempotency-Key": order,
        ],
        body: #"{"order_id":"\#(order)","asset":"BTC","chain":"bitcoin-regtest","amount":"0.01"}"#)
      if answer.status == 503 { return false }
      try #require(answer.status == 201, "\(answer.body)")
      made = try answer.json()
      return true
    }
    let id = try #require(made?["id"]?.string)
    payments.append(id)
    let address = try BitcoinAddress(
      try #require(made?["address"]?.string), network: BitcoinNetwork(.regtest))
    _ = try node.pay(address.output.scriptPubKey, value: 1_000_000)
    try await wait("it is in the mempool's look") {
      try await self.story(of: id).contains("payment.processing")
    }
    try node.mine(blocks)
    try await wait("it is paid") { try await self.story(of: id).contains("payment.paid") }
  }

  /// The process that holds the chain's lease.
  func leader() async throws -> ServerProcess {
    var leader: ServerProcess?
    try await wait("one leads") {
      let status = try await self.database.read {
        try Leases.current("watcher:bitcoin-regtest:test", in: $0)
      }
      leader = self.watchers.first { watcher in
        status?.isHeld == true
          && status?.holder?.split(separator: ":").contains { $0 == "\(watcher.pid)" } == true
      }
      return leader != nil
    }
    return try #require(leader)
  }

  /// What was told of each payment.
  func stories() async throws -> [[String]] {
    var stories: [[String]] = []
    for id in payments {
      try await wait("it is settled") {
        try await self.story(of: id).contains("payment.settled")
      }
      stories.append(try await story(of: id))
    }
    return stories
  }

  private func story(of id: String) async throws -> [String] {
    try await database.read { try EventLog.events(of: id, limit: 100, in: $0).map(\.type) }
  }

  func wait(_ what: Comment, until isSo: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(120)
    while try await !isSo() {
      try #require(clock.now < deadline, what)
      try await clock.sleep(for: .milliseconds(50))
    }
  }

  func end() async throws {
    for process in watchers + [api] { await process.stop() }
    try await database.close()
    await chain.stop()
  }
}
