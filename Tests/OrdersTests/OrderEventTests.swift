import ChainTypes
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import Orders
import Testing

@Suite("The events of one order over HTTP")
struct OrderEventTests {
  /// An order that is paid and handed over, beside another one.
  private static func live(_ scene: OrderScene) async throws -> (order: String, payment: String) {
    try await scene.keep("beans", 100)
    let id = try await scene.place()
    let other = try await scene.place()
    let payment = try await scene.payment(id)
    try await scene.chain.mine(.init(to: payment, 10_000))
    try await scene.chain.mine(.init(to: try await scene.payment(other), 10_000))
    try await scene.chain.mineEmpty(2)
    try await scene.settle()
    for word in ["prepare", "ready", "complete"] {
      #expect(try await scene.post("/v1/orders/\(id)/\(word)").status == 200)
    }
    try await scene.gateway.sequence()
    return (id, payment)
  }

  @Test("a page has the order's and its payment's events, all of them in their order, no others")
  func page() async throws {
    try await OrderScene.run { scene in
      let (id, payment) = try await Self.live(scene)
      let found = try await scene.gateway.all("/v1/orders/\(id)/events", limit: 3)
      let known = try await scene.gateway.all("/v1/events", limit: 1_000).filter {
        [id, payment].contains($0["subject"]?.string)
      }
      #expect(found == known)
      let types = found.compactMap { $0["type"]?.string }
      for type in [
        "order.created", "payment.created", "payment.paid", "order.confirmed", "order.completed",
      ] {
        #expect(types.count { $0 == type } == 1, "\(type)")
      }
      #expect(types.first == "order.created")
      try expect(
        try await scene.gateway.get("/v1/orders/\(id)/events?after=100000"), is: 409,
        "cursor-ahead")
      try expect(
        try await scene.gateway.get("/v1/orders/\(id)/events?after=x"), is: 422, "invalid-field",
        field: "after")
    }
  }

  @Test("a stream gives what was and what comes, and goes on after the event that was seen last")
  func stream() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      // Nothing of its payment is known yet, to the order or to the stream.
      let id = try await scene.note()
      try await scene.gateway.sequence()
      let path = "/v1/orders/\(id)/events"
      let early = try await EventReader(scene.gateway, path: path)
      #expect(try await early.next()?.type == "order.created")
      try await scene.settle()
      let payment = try await scene.payment(id)
      #expect(try await early.next()?.type == "order.updated")
      let created = try #require(try await early.next())
      #expect(created.type == "payment.created" && created.event["subject"] == .string(payment))

      let again = try await EventReader(scene.gateway, path: path, lastEventID: created.id)
      try await scene.chain.mine(.init(to: payment, 10_000))
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      var seen: [String] = []
      while seen.last != "order.confirmed", let event = try await again.next() {
        seen.append(event.type)
      }
      #expect(seen.contains("payment.paid") && !seen.contains("payment.created"))
      var kept: [String] = []
      while kept.last != "order.confirmed", let event = try await early.next() {
        kept.append(event.type)
      }
      #expect(kept == seen)
    }
  }

  @Test("another tenant's order has no events here")
  func tenants() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      for path in ["/v1/orders/\(id)/events", "/v1/orders/nothing/events"] {
        try expect(
          try await scene.gateway.get(path, as: TestGateway.otherTenant), is: 404, "not-found")
      }
    }
  }
}
