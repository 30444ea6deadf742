import Addresses
import Bitcoin
import ChainSim
import ChainTypes
import Database
import EventLog
import Foundation
import JSON
import Kafka
import Leases
import LocalServers
import LoopbackHTTP
import NodeRPC
import PostgreSQL
import SQLite
import Tenancy
import TestSupport
import Testing

@testable import paywatch

/// Case 57: a worker that is stopped with SIGSTOP past its lease, and woken.
@Suite("paywatch serve in several processes", .serialized)
struct TakeoverTests {
  @Test("a watcher that sleeps past its lease finds another one there, and writes nothing")
  func watcher() async throws {
    let scene = try await Scene(
      "watcher:bitcoin-regtest:test", workers: "watcher,relay,services", others: [])
    try await sleepPastTheLease(scene)
    try await scene.end()
  }

  @Test("a relay that sleeps past its lease sends nothing when it wakes")
  func relay() async throws {
    let scene = try await Scene(
      "relay:test", workers: "relay", others: ["watcher,services"], isDistributed: true)
    try await sleepPastTheLease(scene)
    let audit = try await scene.audit()
    #expect(audit.eventCount > 10)
    #expect(audit.faults == [])
    try await scene.end()
  }

  @Test("services that sleep past their lease do nothing twice when they wake")
  func services() async throws {
    let scene = try await Scene(
      "remedies:test", workers: "services", others: ["watcher,relay"], isDistributed: true)
    try await sleepPastTheLease(scene)
    // Each has paid too much, which the policy sends back.
    #expect(try await scene.refunds() == [1, 1, 1])
    try await scene.end()
  }

  @Test(
    "the trace of a request stands in the event that it told, and in the message at the brokers")
  func trace() async throws {
    let scene = try await Scene(
      "relay:test", workers: "relay", others: ["watcher,services"], isDistributed: true)
    let traces = ["4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"]
    for trace in traces {
      try await scene.make(trace, traceparent: "00-\(trace)-00f067aa0ba902b7-01")
    }
    try await scene.wait("all is told") { try await scene.isAllTold() }
    let told = try await scene.traceparents(of: "payment.created")
    // The server's span is its own, the trace the client's.
    #expect(told.events.map { $0.dropFirst(3).prefix(32) } == traces.map { $0[...] })
    #expect(!told.events.contains { $0.contains("00f067aa0ba902b7") })
    #expect(told.messages == told.events)
    try await scene.end()
  }

  private func sleepPastTheLease(_ scene: Scene) async throws {
    try await scene.pay("first", mining: 6)
    try await scene.rest()
    let leader = try await scene.leader()
    leader.send(.stop)
    // Only another one can do what is to be done.
    try await scene.pay("while-it-sleeps", mining: 6)
    try await scene.rest()
    let other = try await scene.leader()
    #expect(other.pid != leader.pid)
    leader.send(.continue)
    try await scene.pay("once-it-is-awake", mining: 6)
    try await scene.wait("it has noticed") { leader.logTail().contains("lease lost") }
    #expect(try await scene.leader().pid == other.pid)
    try await scene.rest()
    for story in try await scene.stories() {
      #expect(story.count { $0 == "payment.paid" } == 1, "\(story)")
      #expect(story.count { $0 == "payment.settled" } == 1, "\(story)")
    }
  }
}

/// Two processes of which one works, an API and what else is needed, each a process, and a
/// simulated chain here: on one SQLite file, or on PostgreSQL and brokers.
private final class Scene {
  private let directory: TemporaryDirectory
  private let node: SimulatedBitcoinNode
  private let chain: ChainSimServer
  private let lease: String
  private let workers: [ServerProcess]
  private let others: [ServerProcess]
  private let port: Int
  private let database: any Database
  private let brokers: MockCluster?
  private let key = APIKey.generate()
  private var payments: [String] = []

  /// Of BIP-0084's published words, on test networks.
  private static let descriptor =
    "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39"
    + "yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w"

  init(_ lease: String, workers: String, others: [String], isDistributed: Bool = false) async throws
  {
    let directory = try TemporaryDirectory()
    self.directory = directory
    self.lease = lease
    node = SimulatedBitcoinNode(
      name: "node", seed: 57, clock: SystemRPCClock(), hasTransactionIndex: true
    ) { UInt32(clamping: Int64(Date().timeIntervalSince1970)) }
    try node.mine(120)
    chain = try await ChainSimServer.start(
      node, port: 0, authentication: .cookie(file: directory.path("cookie")))
    let infrastructure: String
    if isDistributed {
      let server = try await PostgresServer.shared
      let name = "takeover_" + UUID().uuidString.lowercased()
      let uri = try await server.makeDatabase(name, owner: "paywatch")
      database = PostgresDatabase(options: PostgresOptions(connection: uri))
      try directory.write("password", server.password.utf8)
      let cluster = try MockCluster(brokers: 3)
      for topic in EventTopic.allCases { try cluster.createTopic(topic.name, partitions: 3) }
      brokers = cluster
      let url = uri.replacing(":\(server.password)@", with: "@")
      infrastructure = """
        database: {postgresql: {url: "\(url)", password_file: password}}
        kafka: {brokers: "\(cluster.brokers.joined(separator: ","))"}
        """
    } else {
      database = try SQLiteDatabase(path: directory.path("paywatch.sqlite"))
      brokers = nil
      infrastructure = "database: {sqlite: paywatch.sqlite}"
    }
    let configuration = try directory.write(
      "paywatch.yaml",
      """
      region: test
      listen: {port: 0}
      address_pool: {ready: 20}
      chains_directory: \(PackageFiles.root.appending(path: "chains").path)
      chains:
        - name: bitcoin-regtest
          poll_milliseconds: 100
          nodes: [{url: "\(chain.url)", cookie_file: cookie}]
      tenants:
        - id: shop
          accounts: [{descriptor: "\(Self.descriptor)"}]
          policies: {over: refund}
      \(infrastructure)
      """.utf8)
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
    let api = try start("api", "api", port: port)
    let connection = { try? await TestConnection(port: Int(port)).send("GET", "/api/health/live") }
    try await api.waitUntilReady(within: .seconds(120)) { await connection()?.status == 200 }
    self.workers = try ["one", "two"].map { try start($0, workers) }
    self.others = try [api] + others.map { try start("with-\($0)", $0) }
    let key = key
    try await database.write {
      try APIKeys.issue(
        key, tenant: "shop", label: "test", now: Timestamp(seconds: 1_800_000_000), in: $0)
    }
  }

  /// Makes a payment as soon as there is an address.
  @discardableResult
  func make(_ order: String, traceparent: String? = nil) async throws -> JSONValue {
    var made: JSONValue?
    try await wait("an address is ready") {
      let answer = try await TestConnection(port: self.port).send(
        "POST", "/v1/payments",
        headers: [
          "Authorization": "Bearer \(self.key.text)", "Content-Type": "application/json",
          "Idempotency-Key": order,
        ].merging(traceparent.map { ["traceparent": $0] } ?? [:]) { $1 },
        body: """
          {"order_id":"\(order)","asset":"BTC","chain":"bitcoin-regtest","amount":"0.01",
          "refund_address":"bcrt1qs758ursh4q9z627kt3pp5yysm78ddny6txaqgw"}
          """)
      if answer.status == 503 { return false }
      try #require(answer.status == 201, "\(answer.body)")
      made = try answer.json()
      return true
    }
    return try #require(made)
  }

  /// Makes a payment, pays and mines, and waits until it counts as paid.
  func pay(_ order: String, mining blocks: Int) async throws {
    let made = try await make(order)
    let id = try #require(made["id"]?.string)
    payments.append(id)
    let address = try BitcoinAddress(
      try #require(made["address"]?.string), network: BitcoinNetwork(.regtest))
    _ = try node.pay(address.output.scriptPubKey, value: 1_300_000)
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
      let status = try await self.database.read { [lease = self.lease] in
        try Leases.current(lease, in: $0)
      }
      leader = self.workers.first { worker in
        status?.isHeld == true
          && status?.holder?.split(separator: ":").contains { $0 == "\(worker.pid)" } == true
      }
      return leader != nil
    }
    return try #require(leader)
  }

  /// Waits until each payment so far is settled, its refund asked for and all of it told.
  func rest() async throws {
    try await wait("all is done") {
      guard try await self.refunds() == self.payments.map({ _ in 1 }) else { return false }
      return try await self.isAllTold()
    }
  }

  /// Whether the brokers have all events.
  func isAllTold() async throws -> Bool {
    guard brokers != nil else { return true }
    return try await database.read {
      try EventsWaiting(in: $0).count + RelayRecords.backlog(in: $0).count == 0
    }
  }

  /// The traces of all events of a type in the order of the log, there and at the brokers.
  func traceparents(of type: String) async throws -> (events: [String], messages: [String]) {
    let events = try await StreamAudit.log(of: database).filter { $0.event.type == type }
    let consumer = try KafkaConsumer(
      KafkaConfiguration(brokers: #require(brokers).brokers), log: { _ in })
    let topic = try #require(EventTopic(eventType: type)).name
    var open: Set<KafkaConsumer.Place> = [.init(topic, 0), .init(topic, 1), .init(topic, 2)]
    try await consumer.assign(Dictionary(uniqueKeysWithValues: open.map { ($0, .beginning) }))
    var found: [Int64: String] = [:]
    func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
    while !open.isEmpty {
      let batch = try await consumer.poll(limit: 1_000, timeout: .seconds(10))
      open.subtract(batch.ends.keys)
      for message in batch.messages {
        let place = message.header(RelayPosition.positionHeader).map(text).flatMap { Int64($0) }
        found[try #require(place)] = message.header("traceparent").map(text)
      }
    }
    await consumer.close()
    return (
      events.map { $0.event.traceparent ?? "" }, events.map { found[$0.position] ?? "" }
    )
  }

  /// How many refunds each payment has.
  func refunds() async throws -> [Int] {
    let payments = payments
    return try await database.read { connection in
      try payments.map {
        try connection.query("SELECT 1 FROM refunds WHERE payment_id = $1", [.text($0)]).count
      }
    }
  }

  /// The log and what the brokers hold, one against the other.
  func audit() async throws -> StreamAudit {
    let brokers = try #require(brokers)
    return StreamAudit(
      log: try await StreamAudit.log(of: database),
      messages: try await StreamAudit.messages(at: brokers.brokers))
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
    for process in workers + others { await process.stop() }
    try await database.close()
    await chain.stop()
  }
}
