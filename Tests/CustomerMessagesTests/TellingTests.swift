import Bytes
import ChainTypes
import CustomerMessages
import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Messages
import Notifications
import Orders
import TestDatabases
import Testing

@Suite("What events have customers told")
struct TellingTests {
  @Test("an order's life is told step by step, on each channel that leads somewhere")
  func life() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer(
        "ada", #"{"email":"ada@example.com","push":{"provider":"recording","token":"t"}}"#)
      let order = try await scene.place()
      let payment = try await scene.gateway.made(order)
      try await scene.chain().mine(.init(to: payment, 60_000))
      try await scene.makeReady(order)
      try await scene.note(.completed(by: "staff"), of: order)
      try await scene.hear()
      let types = try await scene.told(.email)
      #expect(
        types == [
          "payment.created", "payment.partially_paid", "order.confirmed", "order.preparing",
          "order.ready", "order.completed",
        ])
      #expect(try await scene.told(.push) == types)
      let deliveries = try await scene.deliveries()
      #expect(deliveries.allSatisfy { $0.target.key == "ada" && $0.target.tenant == "roastery" })
    }
  }

  @Test("events that come twice, in any order, tell once")
  func repetition() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer()
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await scene.gateway.sequence()
      let events = try await scene.database.read {
        try EventLog.events(of: order, limit: 100, in: $0)
      }
      let handler = scene.events()
      for event in (events + events + events).shuffled() {
        try await scene.database.write { connection in
          try handler.handle(
            ReceivedEvent(event, at: EventPlace(.log, event.sequence)), in: connection)
        }
      }
      try await scene.hear()
      #expect(
        try await scene.told(.email).sorted() == [
          "order.confirmed", "order.preparing", "order.ready",
        ])
    }
  }

  @Test("whoever dies at any write, before its commit or behind it, tells nothing twice")
  func deaths() async throws {
    for write in 1...6 {
      for afterCommit in [false, true] {
        try await MessageScene.run { scene in
          try await scene.prefer()
          let order = try await scene.place()
          try await scene.makeReady(order)
          try await scene.gateway.sequence()
          let dying = DyingDatabase(scene.database, at: write, afterCommit: afterCommit)
          do {
            try await scene.hear(on: dying)
          } catch is DyingDatabase.Death {
          }
          try await scene.hear()
          #expect(
            try await scene.told(.email) == ["order.confirmed", "order.preparing", "order.ready"])
        }
      }
    }
  }

  @Test("a held order, a canceled one, late and excess money, and refunds are told")
  func troubles() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer()
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await scene.note(.paymentMoved(id: "pay_1", sequence: 3, to: .open), of: order)
      let other = try await scene.place()
      try await scene.note(.canceled(by: "tenant:x", note: "closed"), of: other)
      let paid = try await scene.place()
      let payment = try await scene.gateway.made(paid)
      try await scene.chain().mine(.init(to: payment, 150_000))
      try await scene.chain().mineEmpty(8)
      try await scene.refund(payment)
      try await scene.hear()
      let types = try await scene.told(.email)
      for type in [
        "order.updated", "order.canceled", "payment.overpaid", "refund.broadcast", "refund.final",
      ] {
        #expect(types.count { $0 == type } == 1, "\(type) in \(types)")
      }
    }
  }

  @Test("that the time to pay is over isn't told of an order that is held")
  func expiry() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer()
      let orders = [try await scene.place(), try await scene.place()]
      for order in orders { try await scene.gateway.made(order) }
      try await scene.makeReady(orders[1])
      try await scene.note(.paymentMoved(id: "pay_1", sequence: 3, to: .open), of: orders[1])
      scene.time.advance(seconds: 901)
      try await scene.chain().look()
      try await scene.hear()
      let told = try await scene.deliveries(.email).filter { $0.eventType == "payment.expired" }
      #expect(told.count == 1)
      #expect(told.first?.content.contains(orders[0]) == true)
    }
  }

  @Test("nobody is told of what isn't theirs, or what they don't want")
  func nobody() async throws {
    try await MessageScene.run { scene in
      // Without preferences, without a customer, with other topics chosen, another tenant's, and a
      // payment for an order of the shop's own.
      try await scene.prefer("bo", #"{"email":"bo@x.y","channels":{"order":[],"payment":[]}}"#)
      for customer in ["ada", nil, "bo"] {
        let order = try await scene.place(customer)
        try await scene.gateway.made(order)
        try await scene.makeReady(order)
      }
      try await scene.prefer("cy", #"{"email":"cy@x.y"}"#)
      try await scene.makeReady(scene.place("cy", as: TestGateway.otherTenant))
      try await scene.gateway.made("order-17")
      try await scene.hear()
      #expect(try await scene.deliveries().isEmpty)
    }
  }

  @Test("what can't be sent here isn't enqueued, and old news isn't either")
  func limits() async throws {
    try await MessageScene.run { scene in
      try await scene.prefer(
        "ada", #"{"email":"a@x.y","push":{"provider":"recording","token":"t"}}"#)
      let order = try await scene.place()
      try await scene.makeReady(order)
      try await scene.hear([.push])
      #expect(try await scene.told(.email).isEmpty)
      #expect(try await scene.told(.push).count == 3)
      let late = try await scene.place()
      try await scene.makeReady(late)
      scene.time.advance(seconds: 86_401)
      try await scene.hear()
      #expect(try await scene.deliveries().count == 3)
    }
  }
}

extension MessageScene {
  func chain() -> ChainByHand { gateway.chain }
}
