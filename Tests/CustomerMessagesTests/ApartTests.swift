import ChainTypes
import CustomerMessages
import Database
import Deployment
import EventLog
import GatewayFixtures
import HTTPClient
import LoopbackHTTP
import Messages
import Notifications
import Orders
import Synchronization
import TestDatabases
import Testing

/// Orders in one database, and what customers are told of them in another, which knows of orders
/// what their events say.
@Suite("Messages from a database of their own")
struct ApartTests {
  /// Takes mails, or isn't there.
  private final class Mailbox: MailSubmitting {
    private let state = Mutex((isThere: true, mails: [String]()))

    var count: Int { state.withLock { $0.mails.count } }

    func set(isThere: Bool) { state.withLock { $0.isThere = isThere } }

    func submit(_ mail: MailSubmission) async throws(SMTPError) -> SMTPReply {
      let isTaken = state.withLock { state in
        if state.isThere { state.mails.append(String(decoding: mail.message, as: UTF8.self)) }
        return state.isThere
      }
      guard isTaken else { throw .transfer(.connectionFailed("secret-host")) }
      return SMTPReply(code: 250, text: "OK")
    }
  }

  private struct NoCodes: ClaimCodeReading {
    let mayCome: Bool

    func code(ofOrder order: String, tenant: String) async throws -> String? { nil }

    func knowsCodes(of tenant: String) async throws -> Bool { mayCome }
  }

  private struct Apart: Sendable {
    let scene: MessageScene
    let database: any Database
    let mailbox = Mailbox()

    init(_ scene: MessageScene) async throws {
      self.scene = scene
      database = try await TestDatabase(.selected)
      try await Schema.migrate(database)
      let now = scene.time.now
      let preferences = CustomerPreferences(
        tenant: MessageScene.tenant, customer: "ada", email: MailAddress("ada@example.com"),
        unsubscribeToken: "t", createdAt: now, updatedAt: now)
      try await database.write { try PreferenceRecords.save(preferences, in: $0) }
    }

    /// As from a broker: each event at a partition's offset.
    ///
    /// - Parameter word: what their types begin with
    func hear(_ word: String = "") async throws {
      try await scene.gateway.sequence()
      let events = try await scene.database.read {
        try EventLog.page(after: 0, limit: 1_000, in: $0).events
      }
      let telling = scene.events([.email])
      try await database.write { connection in
        for positioned in events
        where CustomerEvents.interest.types?.contains(positioned.event.type) == true
          && positioned.event.type.hasPrefix(word)
        {
          let place = EventPlace(
            EventPartition(topic: "order-events", number: 0), positioned.position)
          try telling.handle(ReceivedEvent(positioned.event, at: place), in: connection)
        }
      }
    }

    func work(claims: (any ClaimCodeReading)? = nil) async throws {
      let time = scene.time
      let writer = MessageWriter(database: database, claims: claims) { time.now }
      let sender = try #require(MailAddress("orders@shop.example"))
      let channel = MailChannel(
        writer: writer, client: mailbox,
        outbox: .init(server: MailServer(url: "smtp://mail.example"), sender: sender))
      let worker = DeliveryWorker(
        database: database, channels: [channel], now: { time.now }, random: { 0 })
      while try await worker.step(clock: ContinuousClock(), onError: { Issue.record("\($0)") }) > 0
      {}
    }

    /// What became of each event's message.
    func statuses() async throws -> [String: Delivery.Status] {
      try await database.read { connection in
        let deliveries = try connection.query("SELECT delivery_id FROM deliveries").compactMap {
          try Deliveries.load($0.text("delivery_id"), tenant: nil, in: connection)
        }
        return Dictionary(deliveries.map { ($0.eventType, $0.status) }) { first, _ in first }
      }
    }
  }

  @Test("are sent though the order's row isn't there, at the first attempt and at later ones")
  func sent() async throws {
    try await MessageScene.run { scene in
      let apart = try await Apart(scene)
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await apart.hear()
      apart.mailbox.set(isThere: false)
      try await apart.work(claims: NoCodes(mayCome: false))
      let details = try await apart.database.read {
        try $0.query("SELECT detail FROM deliveries").map { try $0.text("detail") }
      }
      #expect(details.allSatisfy { $0 == "the mail server can't be reached now" })
      apart.mailbox.set(isThere: true)
      scene.time.advance(seconds: 20)
      // The code isn't waited for: nothing here ever knows one.
      try await apart.work(claims: NoCodes(mayCome: false))
      #expect(try await apart.statuses()["order.ready"] == .sent)
    }
  }

  @Test("what newer events have overtaken isn't told")
  func overtaken() async throws {
    try await MessageScene.run { scene in
      let apart = try await Apart(scene)
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await apart.hear()
      apart.mailbox.set(isThere: false)
      try await apart.work()
      try await scene.note(.completed(by: "staff"), of: order)
      try await apart.hear()
      apart.mailbox.set(isThere: true)
      scene.time.advance(seconds: 3_600)
      try await apart.work()
      let statuses = try await apart.statuses()
      #expect(statuses["order.ready"] == .canceled && statuses["order.completed"] == .sent)
      #expect(apart.mailbox.count == 1)
      let kept = scene.time.now.adding(seconds: -HeardOrders.keptSeconds)
      let later = scene.time.now.adding(seconds: 1)
      try await apart.database.write { connection in
        let early = try HeardOrders.forget(before: kept, limit: 10, in: connection)
        let late = try HeardOrders.forget(before: later, limit: 10, in: connection)
        #expect(early == 0 && late == 1)
      }
    }
  }

  @Test("what payments and refunds tell reaches the order's customer")
  func payments() async throws {
    try await MessageScene.run { scene in
      let apart = try await Apart(scene)
      let payment = try await scene.gateway.made(try await scene.place())
      try await scene.chain().mine(.init(to: payment, 150_000))
      try await scene.chain().mineEmpty(8)
      try await scene.refund(payment)
      try await apart.hear()
      let told = try await apart.statuses()
      for type in ["payment.created", "payment.overpaid", "refund.broadcast", "refund.final"] {
        #expect(told[type] != nil, "\(type) in \(told)")
      }
    }
  }

  @Test("what a payment tells waits for its order's news, but not for long")
  func early() async throws {
    try await MessageScene.run { scene in
      let apart = try await Apart(scene)
      let order = try await scene.place()
      try await scene.gateway.made(order)
      await #expect(throws: (any Error).self) { try await apart.hear("payment.") }
      try await apart.hear("order.")
      try await apart.hear("payment.")
      #expect(try await apart.statuses().keys.sorted() == ["payment.created"])
      // Whose order never comes is nobody's.
      let other = try await Apart(scene)
      scene.time.advance(seconds: 11)
      try await other.hear("payment.")
      #expect(try await other.statuses().isEmpty)
    }
  }

  @Test("a forgotten order's customer is forgotten there, too")
  func forgetting() async throws {
    try await MessageScene.run { scene in
      let apart = try await Apart(scene)
      let order = try await scene.place()
      func customers() async throws -> [String?] {
        try await apart.database.read { connection in
          try connection.query("SELECT customer FROM heard_orders").map {
            try $0.optionalText("customer")
          }
        }
      }
      try await apart.hear()
      #expect(try await customers() == ["ada"])
      try await scene.note(
        .canceled(by: "staff", note: nil), .stockReleased, .forgotten(by: "staff"), of: order)
      try await apart.hear()
      #expect(try await customers() == [nil])
    }
  }

  @Test("where claims are issued beside them the code is waited for")
  func code() async throws {
    try await MessageScene.run { scene in
      let apart = try await Apart(scene)
      try await scene.makeReady(try await scene.place())
      try await apart.hear()
      try await apart.work(claims: NoCodes(mayCome: true))
      #expect(try await apart.statuses()["order.ready"] == .pending)
      scene.time.advance(seconds: 600)
      try await apart.work(claims: NoCodes(mayCome: true))
      #expect(try await apart.statuses()["order.ready"] == .sent)
    }
  }
}
