import ChainTypes
import Database
import Deployment
import EventLog
import LoopbackHTTP
import Notifications
import SchemaChecking
import TestDatabases
import Testing

/// Queues on a database of their own, with a time that a test moves.
final class DeliveryScene: Sendable {
  static let tenant = "roastery"

  let database: any Database
  let time = TestTime()

  init(_ options: TestStore.Options = TestStore.Options()) async throws {
    database = try await TestDatabase(.selected, options)
    try await Self.prepare(database)
  }

  init(on database: any Database) { self.database = database }

  static func prepare(_ database: any Database) async throws {
    try await Schema.migrate(database)
    try await database.write { connection in
      try connection.execute("CREATE TABLE retirements (target TEXT, reason TEXT)")
    }
  }

  static func target(_ key: String, _ channel: ChannelName = .webhook) -> DeliveryTarget {
    DeliveryTarget(tenant: tenant, channel: channel, key: key)
  }

  static func new(
    _ event: String, to key: String, position: Int64 = 1, channel: ChannelName = .webhook
  ) -> NewDelivery {
    NewDelivery(
      to: target(key, channel), eventID: event, eventType: "order.ready", eventSubject: "ord_1",
      position: position, content: #"{"event":"\#(event)"}"#)
  }

  @discardableResult
  func enqueue(_ event: String, to key: String, position: Int64 = 1) async throws -> String? {
    let now = time.now
    return try await database.write { connection in
      try Deliveries.enqueue(
        Self.new(event, to: key, position: position), now: now, in: connection)
    }
  }

  func enqueue(_ count: Int, to key: String) async throws {
    let now = time.now
    try await database.write { connection in
      for number in 1...count {
        try Deliveries.enqueue(
          Self.new("\(key)-\(number)", to: key, position: Int64(number)), now: now,
          in: connection)
      }
    }
  }

  func worker(
    _ channels: any DeliveryChannel..., on database: (any Database)? = nil,
    options: DeliveryWorkerOptions = DeliveryWorkerOptions(),
    check: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in }
  ) -> DeliveryWorker {
    DeliveryWorker(
      database: database ?? self.database, channels: channels, options: options,
      now: { [time] in time.now }, random: { 0 }, check: check)
  }

  /// Lets a worker do what is due now.
  @discardableResult
  func work(_ worker: DeliveryWorker) async throws -> Int {
    var total = 0
    while case let count = try await worker.step(
      clock: ContinuousClock(), onError: { Issue.record("\($0)") }), count > 0
    { total += count }
    return total
  }

  // MARK: Asking

  func delivery(_ id: String?) async throws -> Delivery {
    let id = try #require(id)
    return try #require(
      await database.read { try Deliveries.load(id, tenant: Self.tenant, in: $0) })
  }

  func all(_ key: String? = nil) async throws -> [Delivery] {
    try await database.settle()
    return try await database.read {
      try Deliveries.page(tenant: Self.tenant, target: key, after: nil, limit: 10_000, in: $0)
    }
  }

  func statuses(_ key: String) async throws -> [Delivery.Status: Int] {
    try await all(key).reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
  }

  func health(_ key: String) async throws -> TargetHealth {
    try await database.read { try Deliveries.health(of: Self.target(key), in: $0) }
  }

  /// The last words of a delivery's events, all of which must be as published.
  func told(_ id: String?) async throws -> [String] {
    let id = try #require(id)
    let events = try await database.read { try EventLog.events(of: id, limit: 100, in: $0) }
    let published = try EventSchemaCheck()
    for event in events { #expect(try published.differences(event) == [], "\(event.json)") }
    return events.map { String($0.type.drop { $0 != "." }.dropFirst()) }
  }

  func retirements() async throws -> [String] {
    try await database.read { connection in
      try connection.query("SELECT target, reason FROM retirements ORDER BY target").map {
        try "\($0.text("target")) \($0.text("reason"))"
      }
    }
  }
}
