import CustomerMessages
import Database
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Messages
import Notifications
import Testing

@Suite("How customers want to be told")
struct PreferenceTests {
  private static let whole = """
    {"email":"ada@example.com","push":{"provider":"recording","token":"t1"},"language":"fr-CA",
     "time_zone":"America/Montreal","channels":{"order":["push"],"refund":[]}}
    """

  @Test("what is put is what is read, and a later one takes its place whole")
  func putting() async throws {
    try await MessageScene.run { scene in
      let first = try await scene.prefer("ada", Self.whole)
      let read = try await scene.gateway.get(MessageScene.path("ada")).json()
      #expect(first == read)
      #expect(first["language"] == "fr" && first["time_zone"] == "America/Montreal")
      #expect(first["channels"] == ["order": ["push"], "refund": []])
      #expect(first["unsubscribed"] == false)
      let token = try await scene.preferences()?.unsubscribeToken
      scene.time.advance(milliseconds: 5)
      let second = try await scene.prefer("ada", "{}")
      #expect(second["email"] == nil && second["push"] == nil && second["language"] == "en")
      #expect(second["created_at"] == first["created_at"])
      #expect(second["updated_at"] != first["updated_at"])
      #expect(try await scene.preferences()?.unsubscribeToken == token)
    }
  }

  @Test("a customer's name may hold anything, percent-encoded")
  func names() async throws {
    try await MessageScene.run { scene in
      let made = try await scene.prefer("a%20%2F%C3%A9%3F", #"{"email":"a@x.y"}"#)
      #expect(made["customer"] == "a /é?")
      #expect(try await scene.preferences("a /é?")?.email == MailAddress("a@x.y"))
      for name in ["a%00b", "%ff", String(repeating: "%41", count: 129)] {
        let answer = try await scene.gateway.get(MessageScene.path(name))
        #expect((400...499).contains(answer.status), "\(name) \(answer.body)")
      }
    }
  }

  @Test(
    "what can't be used is refused by its field",
    arguments: [
      (#"{"email":"ada"}"#, "email"), (#"{"email":"a@x.y\r\nBcc: b@x.y"}"#, "email"),
      (#"{"language":"tlh"}"#, "language"), (#"{"time_zone":"Berlin"}"#, "time_zone"),
      (#"{"time_zone":"EST"}"#, "time_zone"), (#"{"time_zone":"../etc/passwd"}"#, "time_zone"),
      (#"{"push":{"provider":"x"}}"#, "push.token"), (#"{"push":"x"}"#, "push"),
      (#"{"channels":{"order":["pigeon"]}}"#, "channels.order"),
      (#"{"channels":{"order":"email"}}"#, "channels.order"),
      (#"{"channels":{"weather":[]}}"#, "channels.weather"),
      (#"{"unsubscribed":"yes"}"#, "unsubscribed"), (#"{"phone":"1"}"#, "phone"),
    ])
  func fields(body: String, field: String) async throws {
    try await MessageScene.run { scene in
      let answer = try await scene.gateway.send("PUT", MessageScene.path("ada"), body: body)
      try expect(answer, is: 422, "invalid-field", field: field)
      #expect(try await scene.preferences() == nil)
    }
  }

  @Test("a channel is used where it is wanted and leads somewhere")
  func channels() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer("ada", Self.whole)
      var found = try #require(try await scene.preferences())
      #expect(found.channels(for: .order) == [.push])
      #expect(found.channels(for: .payment) == [.email, .push])
      #expect(found.channels(for: .refund) == [])
      found.unsubscribedAt = scene.time.now
      #expect(found.channels(for: .payment) == [.push])
      found.push = nil
      #expect(found.channels(for: .order) == [])
    }
  }

  @Test("deleting forgets everything, also for what waits, and may be repeated")
  func deletion() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer()
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await scene.hear()
      #expect(try await scene.told(.email).isEmpty == false)
      for _ in 0..<2 {
        let answer = try await scene.gateway.send("DELETE", MessageScene.path("ada"))
        #expect(answer.status == 204)
      }
      try expect(try await scene.gateway.get(MessageScene.path("ada")), is: 404, "not-found")
      let rows = try await scene.database.read { connection in
        try ["deliveries", "delivery_targets", "customer_preferences", "events"].flatMap {
          try connection.query("SELECT * FROM \($0)").map { "\($0)" }
        }
      }
      #expect(!rows.contains { $0.contains("ada@example.com") })
    }
  }

  @Test("another tenant's customers aren't there")
  func tenants() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer()
      let gateway = scene.gateway
      let other = TestGateway.otherTenant
      try expect(
        try await gateway.get(MessageScene.path("ada"), as: other), is: 404, "not-found")
      let put = try await gateway.send(
        "PUT", MessageScene.path("ada"), as: other, body: #"{"email":"b@x.y"}"#)
      #expect(put.status == 200)
      _ = try await gateway.send("DELETE", MessageScene.path("ada"), as: other)
      #expect(try await scene.preferences()?.email == MailAddress("ada@example.com"))
    }
  }

  @Test("a link ends mails when it is used, not when it is looked at, until somebody takes it back")
  func unsubscribing() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer()
      let token = try #require(try await scene.preferences()?.unsubscribeToken)
      #expect(token.utf8.count == 32)
      let path = PreferenceRoutes.unsubscribePath(token)
      let connection = try TestConnection(port: scene.gateway.port)
      try await connection.request("GET", path)
      let page = try await connection.answer()
      #expect(page.status == 200 && page.body.contains(#"<form method="post">"#))
      #expect(try await scene.preferences()?.unsubscribedAt == nil)
      for _ in 0..<2 {
        try await connection.request(
          "POST", path, headers: ["Content-Type": "application/x-www-form-urlencoded"],
          body: "List-Unsubscribe=One-Click")
        #expect(try await connection.answer().status == 200)
      }
      #expect(try await scene.preferences()?.unsubscribedAt != nil)
      // Putting anew keeps that; saying otherwise takes it back.
      #expect(try await scene.prefer()["unsubscribed"] == true)
      let again = try await scene.prefer("ada", #"{"email":"a@x.y","unsubscribed":false}"#)
      #expect(again["unsubscribed"] == false)
      try await connection.request("POST", "/unsubscribe/nothing", body: "")
      #expect(try await connection.answer().status == 404)
    }
  }

  @Test("puts at once all hold, one after the other, with one token")
  func races() async throws {
    try await MessageScene.run { scene in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<16 {
          group.addTask {
            try await scene.prefer("ada", #"{"email":"a\#(number)@x.y"}"#)
          }
        }
        try await group.waitForAll()
      }
      let rows = try await scene.database.read {
        try $0.query("SELECT unsubscribe_token FROM customer_preferences")
      }
      #expect(rows.count == 1)
    }
  }
}
