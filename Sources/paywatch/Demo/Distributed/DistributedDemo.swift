internal import Database
internal import EventLog
internal import Foundation
internal import HTTPClient
internal import Kafka
internal import Leases
internal import LocalServers
internal import PostgreSQL
internal import Tenancy
internal import Watching

/// The pipeline spread over processes, two of which are killed at work: two APIs, two watchers and
/// a relay on PostgreSQL, Kafka and Redis, all of this machine.
struct DistributedDemo: Sendable {
  let directory: URL
  let chains: String

  /// How many payments are made before, between and after the kills.
  private static let payments = 20

  func run() async throws {
    Console.print("Starting PostgreSQL, Redis, three brokers and two chains, each on 127.0.0.1")
    let postgres = try await PostgresServer.start(
      directory: directory.appending(path: "postgres").path)
    let full = try await postgres.makeDatabase("paywatch", owner: "paywatch")
    try postgres.password.write(
      toFile: directory.appending(path: "database-password").path, atomically: true,
      encoding: .utf8)
    let url = "postgresql://paywatch@127.0.0.1:\(postgres.port)/paywatch"
    let redis = try await RedisServer.start(directory: directory.appending(path: "redis").path)
    let brokers = try MockCluster(brokers: 3)
    for topic in EventTopic.allCases { try brokers.createTopic(topic.name, partitions: 3) }
    let nodes = try await DemoNodes.start(in: directory)
    let file = directory.appending(path: "paywatch.yaml").path
    try DemoConfiguration.distributed(
      database: url, brokers: brokers.brokers.joined(separator: ","),
      redis: "redis://127.0.0.1:\(redis.port)", nodes, chains: chains
    ).write(toFile: file, atomically: true, encoding: .utf8)
    let database = PostgresDatabase(options: PostgresOptions(connection: full))
    let faults = try await tell(nodes, database, brokers, configuration: file)
    try await database.close()
    await nodes.stop()
    await redis.stop()
    await postgres.stop()
    guard faults.isEmpty else {
      throw CommandFailure("the brokers and the log differ:\n" + faults.joined(separator: "\n"))
    }
  }

  private func tell(
    _ nodes: DemoNodes, _ database: PostgresDatabase, _ brokers: MockCluster,
    configuration: String
  ) async throws -> [String] {
    let client = try HTTPClient()
    let processes = try [
      ("api-1", "api"), ("api-2", "api"), ("watcher-1", "watcher"), ("watcher-2", "watcher"),
      ("relay-1", "relay,services"),
    ].map { try ServeProcess($0.0, roles: $0.1, configuration: configuration, in: directory) }
    for process in processes {
      try await process.waitUntilListening(client)
      Console.print("   \(process.name): process \(process.pid), \(process.url)")
    }
    let key = APIKey.generate()
    try await database.write {
      try APIKeys.issue(key, tenant: "demo", label: "demo", now: SystemTime().now, in: $0)
    }
    let shop = DemoShop(
      apis: processes.prefix(2).map { DemoAPI(client: client, url: $0.url, key: key.text) },
      nodes: nodes)

    Console.print("\n\(Self.payments) payments over both APIs, in BTC, ETH, USDC and USDT")
    try await shop.sell(Self.payments)
    let leader = try await leader(of: processes, in: database)
    Console.print("\n\(leader.name) leads: killed, with \(Self.payments) payments on their way")
    async let during: Void = shop.sell(Self.payments)
    await leader.kill()
    try await during
    Console.print("   the other one has taken over; all are paid")

    let relay = processes[4]
    Console.print("\nrelay-1: killed, and started again, with \(Self.payments) more on their way")
    async let later: Void = shop.sell(Self.payments)
    await relay.kill()
    try relay.restart()
    try await later
    try await shop.settle()
    Console.print("   all \(3 * Self.payments) payments are settled")

    let faults = try await audit(database, brokers)
    for process in processes where process !== leader { await process.stop() }
    return faults
  }

  private func leader(
    of processes: [ServeProcess], in database: PostgresDatabase
  ) async throws -> ServeProcess {
    let status = try await database.read {
      try Leases.current("watcher:bitcoin-regtest:demo", in: $0)
    }
    let leader = processes.first { process in
      status?.holder?.split(separator: ":").contains { $0 == "\(process.pid)" } ?? false
    }
    guard let leader else { throw CommandFailure("no watcher leads") }
    return leader
  }

  /// Waits until the relay has caught up, and compares.
  private func audit(_ database: PostgresDatabase, _ brokers: MockCluster) async throws -> [String]
  {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(60)
    while try await database.read({
      try EventsWaiting(in: $0).count + RelayRecords.backlog(in: $0).count
    }) > 0 {
      guard clock.now < deadline else { throw CommandFailure("the relay didn't catch up") }
      try await clock.sleep(for: .milliseconds(100))
    }
    let audit = StreamAudit(
      log: try await StreamAudit.log(of: database),
      messages: try await StreamAudit.messages(at: brokers.brokers))
    Console.print(
      """

      The log in PostgreSQL and the topics at the brokers
         \(audit.eventCount) events; lost, repeated or out of order: \(audit.faults.count)
      """)
    return audit.faults
  }
}
