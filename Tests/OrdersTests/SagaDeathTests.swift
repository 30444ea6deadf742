import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import TestDatabases
import Testing

@Suite("A process that dies on an order's way")
struct SagaDeathTests {
  /// What becomes of an order besides.
  enum Story: Sendable, CaseIterable {
    case paid, canceled, expired, reversed
  }

  /// One write after the other is the last of a process, before its commit or behind it; the next
  /// process goes on with what the database says.
  @Test(
    "another goes on where it died, whichever write was its last", arguments: Story.allCases,
    [false, true])
  func deaths(story: Story, afterCommit: Bool) async throws {
    try await OrderScene.run(ready: 64) { scene in
      let beans = try await scene.keep("beans", 10_000)
      var (used, reserved): (Int64, Int64) = (0, 0)
      var write = 0
      var hasDied = true
      while hasDied {
        write += 1
        let payments = try await scene.count("payments")
        let id = try await scene.note()
        hasDied = try await Self.live(story, id, scene, dyingAt: write, afterCommit: afterCommit)
        let order = try await scene.order(id)
        let expected =
          switch story {
          case .paid: ("preparing", "consumed")
          case .canceled, .expired: ("canceled", "released")
          case .reversed: ("held", "reserved")
          }
        #expect(order["status"]?.string == expected.0, "write \(write)")
        #expect(order["stock"]?.string == expected.1, "write \(write)")
        if story == .paid { used += OrderScene.beans }
        if story == .reversed { reserved += OrderScene.beans }
        #expect(
          try await scene.stock(beans) == [.integer(10_000 - used), .integer(reserved)],
          "write \(write)")
        // One payment, whoever asked for it how often.
        #expect(try await scene.count("payments") == payments + 1, "write \(write)")
        if story == .canceled {
          #expect(try await scene.gateway.status(scene.payment(id)) == "canceled")
        }
        #expect(try await scene.count("order_timers") == 0)
      }
      #expect(write > 5)
      try await scene.expectSound()
    }
  }

  /// Lets an order live through the story with a process that dies at one of its writes, and with
  /// the next one. False where it had fewer writes.
  private static func live(
    _ story: Story, _ id: String, _ scene: OrderScene, dyingAt write: Int, afterCommit: Bool
  ) async throws -> Bool {
    let dying = DyingDatabase(scene.database, at: write, afterCommit: afterCommit)
    var process = scene
    process.database = dying
    func settle() async throws {
      do {
        try await process.services.saga.drive(id)
        try await process.hearAndCarryOn()
      } catch {
        try #require(dying.isDead, "\(error)")
        process.database = scene.database
        // What was put off is due by now.
        scene.time.advance(seconds: 5)
        try await process.hearAndCarryOn()
      }
    }
    try await settle()
    let payment = try await scene.payment(id)
    switch story {
    case .paid, .reversed:
      try await scene.chain.mine(.init(to: payment, 10_000))
      try await settle()
      try await scene.chain.mineEmpty(1)
      try await settle()
      if story == .reversed {
        try await scene.chain.reorg(2)
      } else {
        try await scene.decide(.preparing(by: "bo"), on: id)
      }
      try await settle()
    case .expired:
      scene.time.advance(seconds: 1_000)
      try await scene.chain.look()
      try await settle()
    case .canceled:
      try await scene.decide(.canceled(by: "ada", note: nil), on: id)
      try await settle()
    }
    return dying.isDead
  }
}

extension OrderScene {
  /// What somebody decides, through a process that doesn't die.
  fileprivate func decide(_ fact: OrderFact, on id: String) async throws {
    let (service, now) = (OrderService(database: gateway.database), time.now)
    try await gateway.database.write {
      _ = try service.decide(on: id, tenant: TestGateway.tenant, now: now, in: $0) { _ in fact }
    }
  }

  /// As `settle`, where errors of the saga end it.
  fileprivate func hearAndCarryOn() async throws {
    let saga = services.saga
    repeat {
      try await gateway.sequence()
      try await hear(LogSource(database: database, feed: feed, topics: [.payment]))
    } while try await saga.step(limit: 8, onError: { _, _ in }) > 0
  }
}
