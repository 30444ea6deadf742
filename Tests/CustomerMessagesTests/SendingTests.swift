import ChainTypes
import CustomerMessages
import Database
import Foundation
import GatewayFixtures
import HTTPClient
import JSON
import LocalServers
import LoopbackHTTP
import Messages
import Notifications
import Orders
import TestSupport
import Testing

/// Through the queue to a real mail server.
@Suite("Messages on their way to customers")
struct SendingTests {
  private let directory: TemporaryDirectory
  private let client: HTTPClient

  init() throws {
    directory = try TemporaryDirectory()
    client = try HTTPClient()
  }

  private func channel(
    _ scene: MessageScene, _ server: MailTester, codes: [String: String]? = nil
  ) throws -> MailChannel {
    let sender = try #require(MailAddress("orders@shop.example"))
    return MailChannel(
      writer: scene.writer(
        claims: codes.map { FixedCodes(codes: $0) }, publicURL: "https://pay.shop.example"),
      client: client,
      outbox: .init(server: MailServer(url: server.url, security: .none), sender: sender))
  }

  private func withServer(
    _ body: (MessageScene, MailTester) async throws -> Void
  ) async throws {
    let server = try await MailTester.start(
      directory: directory.url.path, package: PackageFiles.root.path)
    do {
      try await MessageScene.run { try await body($0, server) }
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
    client.shutdown()
  }

  private func mails(_ server: MailTester) throws -> [JSONValue] {
    try server.mails().map { try JSONValue(parsing: Array($0.utf8)) }
  }

  @Test("mails come in the customer's language, with the code, which stands nowhere else")
  func order() async throws {
    try await withServer { scene, server in
      try await scene.prefer()
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await scene.hear()
      let ids = try await scene.deliveries(.email).map(\.id)
      try await scene.work([channel(scene, server, codes: [order: "ABCD-EFGH-JKMN-PQRS"])])
      let mails = try mails(server)
      #expect(mails.count == 3)
      let ready = try #require(
        mails.first { $0["headers"]?["subject"] == "roastery: Ihre Bestellung ist bereit" })
      #expect(ready["recipients"] == ["ada@example.com"])
      #expect(ready["from_name"] == "roastery")
      #expect(ready["headers"]?["message-id"] == .string("<\(ids[2])@shop.example>"))
      let text = try #require(ready["text"]?.string)
      #expect(text.contains("Ihr Code: ABCD-EFGH-JKMN-PQRS"))
      #expect(text.contains("2 × Flat white\nSumme: 9,00\u{a0}$"))
      let token = try #require(try await scene.preferences()?.unsubscribeToken)
      #expect(
        ready["headers"]?["list-unsubscribe"]
          == .string("<https://pay.shop.example/unsubscribe/\(token)>"))
      #expect(mails.count { $0["text"]?.string?.contains("ABCD-EFGH") == true } == 1)
      #expect(mails.allSatisfy { $0["defects"] == [] })
      let rows = try await scene.database.read { connection in
        try ["deliveries", "events", "outbox"].flatMap {
          try connection.query("SELECT * FROM \($0)").map { "\($0)" }
        }
      }
      #expect(!rows.contains { $0.contains("ABCD-EFGH") || $0.contains("ada@example.com") })
      #expect(try await scene.deliveries().allSatisfy { $0.status == .sent })
    }
  }

  @Test("an order's code is waited for, and then the mail goes without it")
  func patience() async throws {
    try await withServer { scene, server in
      try await scene.prefer("ada", #"{"email":"a@x.y"}"#)
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await scene.hear()
      try await scene.work([channel(scene, server, codes: [:])])
      #expect(try await scene.deliveries(.email).map(\.status) == [.sent, .sent, .pending])
      scene.time.advance(seconds: 60)
      try await scene.work([channel(scene, server, codes: [:])])
      #expect(server.mails().count == 2)
      scene.time.advance(seconds: 600)
      try await scene.work([channel(scene, server, codes: [:])])
      #expect(server.mails().count == 3)
    }
  }

  @Test(
    "what the server says decides whether it is tried again",
    arguments: [
      ("refused", Delivery.Status.failed, 550), ("full", .failed, 552), ("busy", .pending, 450),
    ])
  func refusals(name: String, status: Delivery.Status, code: Int) async throws {
    try await withServer { scene, server in
      try await scene.prefer(
        "ada", #"{"email":"\#(name)@x.y","channels":{"payment":[]}}"#)
      let order = try await scene.place()
      try await scene.note(.canceled(by: "tenant:x", note: nil), of: order)
      try await scene.hear()
      try await scene.work([channel(scene, server)])
      let delivery = try #require(try await scene.deliveries().first)
      #expect(delivery.status == status)
      #expect(delivery.lastNote?.code == code)
      // What the server said may hold anything.
      #expect(delivery.lastNote?.answer?.unicodeScalars.allSatisfy { $0.value >= 0x20 } == true)
      #expect(!delivery.document().contains("@x.y"))
      guard status == .pending else { return }
      try await scene.prefer("ada", #"{"email":"ada@x.y"}"#)
      scene.time.advance(seconds: 3_600)
      try await scene.work([channel(scene, server)])
      #expect(server.mails().count == 1)
    }
  }

  @Test("a mail whose answer got lost is sent again, and is the same mail")
  func lost() async throws {
    try await withServer { scene, server in
      try await scene.prefer("ada", #"{"email":"lost@x.y"}"#)
      let order = try await scene.place()
      try await scene.note(.canceled(by: "tenant:x", note: nil), of: order)
      try await scene.hear()
      try await scene.work([channel(scene, server)])
      #expect(try await scene.deliveries().first?.status == .pending)
      scene.time.advance(seconds: 60)
      try await scene.work([channel(scene, server)])
      let mails = try mails(server)
      #expect(mails.count == 2 && mails[0]["raw"] == mails[1]["raw"])
    }
  }

  @Test("who has unsubscribed, or is forgotten, gets nothing of what waited")
  func unwanted() async throws {
    try await withServer { scene, server in
      for (customer, isForgotten) in [("ada", true), ("bo", false)] {
        try await scene.prefer(customer, #"{"email":"\#(customer)@x.y"}"#)
        let order = try await scene.place(customer)
        try await scene.note(.canceled(by: "tenant:x", note: nil), of: order)
        try await scene.hear()
        if isForgotten {
          _ = try await scene.gateway.send("DELETE", MessageScene.path(customer))
        } else {
          try await scene.prefer(customer, #"{"email":"bo@x.y","unsubscribed":true}"#)
        }
      }
      try await scene.work([channel(scene, server)])
      #expect(server.mails().isEmpty)
      #expect(try await scene.deliveries().map(\.status) == [.canceled, .canceled])
    }
  }

  @Test("nobody is asked to pay when the time for that is over, or told what is long past")
  func stale() async throws {
    try await withServer { scene, server in
      try await scene.prefer("ada", #"{"email":"ada@x.y"}"#)
      let order = try await scene.place()
      try await scene.gateway.made(order)
      try await scene.note(.canceled(by: "tenant:x", note: nil), of: order)
      try await scene.hear()
      scene.time.advance(seconds: 3_600)
      try await scene.work([channel(scene, server)])
      let statuses = Dictionary(
        try await scene.deliveries().map { ($0.eventType, $0.status) }
      ) { first, _ in first }
      #expect(statuses == ["payment.created": .canceled, "order.canceled": .sent])
      let other = try await scene.place()
      try await scene.note(.canceled(by: "tenant:x", note: nil), of: other)
      try await scene.hear()
      scene.time.advance(seconds: 86_400)
      try await scene.work([channel(scene, server)])
      #expect(server.mails().count == 1)
    }
  }

  @Test("pushes come to the device with a title and a short line, and without the code")
  func pushes() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer(
        "ada", #"{"push":{"provider":"recording","token":"t1"},"language":"ja"}"#)
      try await scene.prefer("bo", #"{"push":{"provider":"elsewhere","token":"t2"}}"#)
      for customer in ["ada", "bo"] {
        try await scene.makeReady(scene.place(customer))
      }
      try await scene.hear()
      let provider = RecordingPushProvider()
      let codes = FixedCodes(codes: [:])
      try await scene.work([
        PushChannel(writer: scene.writer(claims: codes), providers: [provider])
      ])
      #expect(provider.pushes.map(\.body).contains("ご注文の準備ができました。"))
      #expect(provider.pushes.count == 3)
      #expect(provider.pushes.allSatisfy { $0.token == "t1" && $0.title == "roastery" })
      let statuses = try await scene.deliveries(.push).map(\.status)
      #expect(statuses.count { $0 == .canceled } == 3)
    }
  }

  private struct AbsentProvider: PushProvider {
    let name = "recording"

    func send(_ push: PushMessage) async -> PushOutcome { .unavailable("nobody is there") }
  }

  @Test("what isn't so any more isn't told behind newer news")
  func overtaken() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer("ada", #"{"push":{"provider":"recording","token":"t1"}}"#)
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await scene.hear()
      try await scene.work([PushChannel(writer: scene.writer(), providers: [AbsentProvider()])])
      try await scene.note(.completed(by: "staff"), of: order)
      try await scene.hear()
      scene.time.advance(seconds: 3_600)
      let provider = RecordingPushProvider()
      try await scene.work([PushChannel(writer: scene.writer(), providers: [provider])])
      #expect(provider.pushes.map(\.body) == ["Your order was handed over."])
      #expect(
        try await scene.deliveries().map(\.status) == [.canceled, .canceled, .canceled, .sent])
    }
  }

  @Test("a device that couldn't be reached for days is tried again with what comes next")
  func days() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer("ada", #"{"push":{"provider":"recording","token":"t1"}}"#)
      let absent = PushChannel(writer: scene.writer(), providers: [AbsentProvider()])
      func next() async throws {
        let order = try await scene.place()
        try await scene.note(.canceled(by: "tenant:x", note: nil), of: order)
        try await scene.hear()
      }
      for _ in 0..<5 {
        try await next()
        try await scene.work([absent])
        scene.time.advance(seconds: 80_000)
      }
      try await next()
      let provider = RecordingPushProvider()
      try await scene.work([PushChannel(writer: scene.writer(), providers: [provider])])
      #expect(provider.pushes.isEmpty == false)
    }
  }

  @Test("another address begins afresh, also where nothing was sent to the former any more")
  func renewed() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer("ada", #"{"push":{"provider":"recording","token":"t1"}}"#)
      let target = DeliveryTarget(tenant: MessageScene.tenant, channel: .push, key: "ada")
      let now = scene.time.now
      try await scene.database.write { try Deliveries.retire(target, now: now, in: $0) }
      try await scene.prefer("ada", #"{"push":{"provider":"recording","token":"t1"}}"#)
      let order = try await scene.place()
      try await scene.note(.canceled(by: "tenant:x", note: nil), of: order)
      try await scene.hear()
      try await scene.work([PushChannel(writer: scene.writer(), providers: [AbsentProvider()])])
      #expect(try await scene.database.read { try Deliveries.health(of: target, in: $0) }.isFailing)
      try await scene.prefer("ada", #"{"push":{"provider":"recording","token":"t2"}}"#)
      #expect(
        try await scene.database.read { try Deliveries.health(of: target, in: $0) }
          == TargetHealth())
      scene.time.advance(seconds: 60)
      let provider = RecordingPushProvider()
      try await scene.work([PushChannel(writer: scene.writer(), providers: [provider])])
      #expect(provider.pushes.map(\.token) == ["t2"])
    }
  }

  private struct GoneProvider: PushProvider {
    let name = "recording"

    func send(_ push: PushMessage) async -> PushOutcome { .unregistered }
  }

  @Test("a device that is gone is forgotten")
  func unregistered() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer(
        "ada", #"{"email":"a@x.y","push":{"provider":"recording","token":"t1"}}"#)
      let order = try await scene.place()
      try await scene.note(.canceled(by: "tenant:x", note: nil), of: order)
      try await scene.hear([.push])
      try await scene.work([PushChannel(writer: scene.writer(), providers: [GoneProvider()])])
      let preferences = try #require(try await scene.preferences())
      #expect(preferences.push == nil && preferences.email != nil)
      #expect(try await scene.deliveries().map(\.status) == [.canceled])
    }
  }
}
