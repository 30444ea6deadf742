import ChainTypes
import Database
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import Settlement
import Supply
import Testing

@Suite("An order's way through stock and payment")
struct SagaTests {
  @Test("placed, reserved, paid, confirmed, prepared, handed over")
  func life() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place(OrderScene.body(2))
      let placed = try await scene.order(id)
      #expect(placed["status"] == "pending")
      #expect(placed["total"] == "0.00020000")
      #expect(placed["stock"] == "reserved")
      #expect(placed["payment"]?["amount_minor"] == "20000")
      #expect(try await scene.stock(beans) == [100, 36])
      let payment = try await scene.payment(id)
      let shown = try await scene.gateway.payment(payment)
      for name in ["address", "uri", "expires_at"] {
        #expect(placed["payment"]?[name] == shown[name])
      }
      #expect(shown["order_id"] == .string(id))
      try await scene.chain.mine(.init(to: payment, 20_000))
      try await scene.settle()
      #expect(try await scene.order(id)["payment"]?["status"] == "processing")
      #expect(try await scene.status(id) == "pending")
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.status(id) == "confirmed")
      // It stands on the shelf, where whoever counts finds it.
      #expect(try await scene.stock(beans) == [100, 36])
      let counted = try await scene.post("/v1/supplies/\(beans)/adjust", #"{"counted":99}"#)
      #expect(counted.status == 200)
      for (word, status) in [
        ("prepare", "preparing"), ("ready", "ready"), ("complete", "completed"),
      ] {
        let answer = try await scene.post("/v1/orders/\(id)/\(word)")
        #expect(try answer.json()["status"] == .string(status))
        #expect(try await scene.stock(beans) == [63, 0])
      }
      let types = try await scene.types(id)
      #expect(
        types == [
          "created", "updated", "updated", "updated", "updated", "confirmed", "preparing",
          "updated", "ready", "completed",
        ])
      #expect(try await scene.count("order_timers") == 0)
      try await scene.expectSound()
    }
  }

  @Test("an order that nobody pays is canceled when its payment expires, and its stock returns")
  func expiry() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place()
      scene.time.advance(seconds: 901)
      try await scene.settle()
      // No time expires anything before the chain was looked at.
      #expect(try await scene.status(id) == "pending")
      #expect(try await scene.services.stock.expire(limit: 10) == 0)
      try await scene.chain.look()
      try await scene.settle()
      let order = try await scene.order(id)
      #expect(order["status"] == "canceled")
      #expect(order["cancellation"]?["reason"] == "payment_expired")
      #expect(try await scene.stock(beans) == [100, 0])
      // Money after all: it is owed, and nothing is reserved anew.
      try await scene.chain.mine(.init(to: scene.payment(id), 10_000))
      try await scene.chain.mineEmpty(1)
      let accept = #"{"action":"accept","due_minor":"10000"}"#
      #expect(
        try await scene.gateway.decide("resolve", scene.payment(id), accept).status == 200)
      try await scene.settle()
      #expect(try await scene.order(id)["attention"] == "refund_due")
      #expect(try await scene.stock(beans) == [100, 0])
      try await scene.expectSound()
    }
  }

  @Test("money that comes back after an expiry is owed, too little as it is")
  func returning() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      let part = ChainByHand.Money(to: try await scene.payment(id), 3_000)
      try await scene.chain.mine(part)
      try await scene.settle()
      try await scene.chain.reorg(1)
      try await scene.settle()
      scene.time.advance(seconds: 901)
      try await scene.chain.look()
      try await scene.settle()
      let canceled = try await scene.order(id)
      #expect(canceled["status"] == "canceled" && canceled["attention"] == nil)
      try await scene.chain.mine(part)
      try await scene.settle()
      let owing = try await scene.order(id)
      #expect(owing["attention"] == "refund_due")
      #expect(owing["payment"]?["received_minor"] == "3000")
      try await scene.expectSound()
    }
  }

  @Test("a canceled order gives its stock back and withdraws its payment")
  func canceling() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place()
      let answer = try await scene.post("/v1/orders/\(id)/cancel", #"{"note":"too late"}"#)
      #expect(try answer.json()["cancellation"]?["note"] == "too late")
      #expect(try await scene.stock(beans) == [100, 0])
      #expect(try await scene.gateway.status(scene.payment(id)) == "canceled")
      try await scene.settle()
      #expect(try await scene.order(id)["attention"] == nil)
      try await scene.expectSound()
    }
  }

  @Test("a paid order that is canceled returns its stock, and says that money is owed")
  func cancelingPaid() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place()
      try await scene.chain.mine(.init(to: scene.payment(id), 10_000))
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.stock(beans) == [100, 18])
      #expect(try await scene.post("/v1/orders/\(id)/cancel", "{}").status == 200)
      #expect(try await scene.stock(beans) == [100, 0])
      #expect(try await scene.order(id)["attention"] == "refund_due")
      try await scene.expectSound()
    }
  }

  @Test("an order whose payment a reorg takes back is held, and goes on once it is paid again")
  func reversal() async throws {
    try await OrderScene.run { scene in
      try await scene.keep("beans", 100)
      let id = try await scene.place()
      let money = ChainByHand.Money(to: try await scene.payment(id), 10_000)
      try await scene.chain.mine(money)
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.post("/v1/orders/\(id)/prepare").status == 200)
      try await scene.chain.reorg(2)
      try await scene.settle()
      let held = try await scene.order(id)
      #expect(held["status"] == "held")
      #expect(held["attention"] == "payment_reversed")
      try expect(try await scene.post("/v1/orders/\(id)/ready"), is: 409, "order-not-ready")
      let listed = try await scene.gateway.all("/v1/orders?attention=payment_reversed", limit: 5)
      #expect(listed.map { $0["id"]?.string } == [id])
      try await scene.chain.mine(money)
      try await scene.chain.mineEmpty(1)
      try await scene.settle()
      #expect(try await scene.status(id) == "preparing")
      #expect(try await scene.order(id)["attention"] == nil)
      try await scene.expectSound()
    }
  }

  @Test("an order for which stock doesn't suffice is canceled, with what is missing")
  func outOfStock() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 35)
      let order = try await scene.order(scene.place(OrderScene.body(2)))
      #expect(order["status"] == "canceled")
      #expect(order["cancellation"]?["reason"] == "out_of_stock")
      #expect(
        order["shortages"] == [["available": 35, "product": "beans", "wanted": 36]])
      #expect(order["payment"]?["id"] == nil)
      #expect(try await scene.count("payments") == 0)
      #expect(try await scene.stock(beans) == [35, 0])
      try await scene.expectSound()
    }
  }

  @Test(
    "a payment that can't be is told, and the order canceled; one that can't be yet comes later")
  func payments() async throws {
    try await OrderScene.run(ready: 1) { scene in
      let beans = try await scene.keep("beans", 100)
      let dust = OrderScene.body().replacing("0.0001", with: "0.00000001")
      let refused = try await scene.order(scene.place(dust))
      #expect(refused["cancellation"]?["reason"] == "payment_refused")
      #expect(try await scene.stock(beans) == [100, 0])
      let first = try await scene.place()
      let second = try await scene.place()
      #expect(try await scene.order(first)["payment"]?["id"] != nil)
      #expect(try await scene.order(second)["payment"]?["id"] == nil)
      #expect(try await scene.status(second) == "pending")
      try await scene.gateway.pool.fill(.bitcoin(.regtest))
      try await scene.chain.watchAll()
      scene.time.advance(seconds: 2)
      try await scene.settle()
      #expect(try await scene.order(second)["payment"]?["id"] != nil)
      try await scene.expectSound()
    }
  }

  @Test("an order whose payment can't be had by its deadline is canceled")
  func noAddress() async throws {
    try await OrderScene.run(ready: 1) { scene in
      let beans = try await scene.keep("beans", 100)
      try await scene.place()
      let id = try await scene.place()
      for _ in 0..<12 {
        scene.time.advance(seconds: 100)
        try await scene.settle()
      }
      #expect(try await scene.order(id)["cancellation"]?["reason"] == "expired")
      #expect(try await scene.stock(beans) == [100, 18])
      try await scene.expectSound()
    }
  }

  // MARK: Changes

  @Test("items can be changed until the payment is asked for")
  func changes() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place(OrderScene.body(1, paid: false))
      #expect(try await scene.order(id)["payment"] == nil)
      func change(_ cups: Int) async throws -> Answer {
        try await scene.gateway.send(
          "PATCH", "/v1/orders/\(id)", body: #"{"items":[\#(OrderScene.item(cups))]}"#)
      }
      #expect(try await change(3).json()["total_minor"] == "30000")
      #expect(try await scene.stock(beans) == [100, 54])
      // Too much: it stays as it was, and says why.
      let refused = try await change(6).json()
      #expect(refused["total_minor"] == "30000")
      #expect(
        refused["shortages"] == [["available": 100, "product": "beans", "wanted": 108]])
      #expect(try await scene.stock(beans) == [100, 54])
      let paid = try await scene.post(
        "/v1/orders/\(id)/pay", #"{"chain":"bitcoin-regtest","asset":"BTC"}"#)
      #expect(try paid.json()["payment"]?["amount_minor"] == "30000")
      try expect(try await change(1), is: 409, "order-not-changeable")
      try await scene.expectSound()
    }
  }

  @Test("an order whose payment nobody asks for ends at its deadline, with its stock")
  func deadline() async throws {
    try await OrderScene.run { scene in
      let beans = try await scene.keep("beans", 100)
      let id = try await scene.place(OrderScene.body(paid: false, more: #","expires_in":60"#))
      scene.time.advance(seconds: 59)
      try await scene.settle()
      #expect(try await scene.status(id) == "pending")
      scene.time.advance(seconds: 1)
      #expect(try await scene.services.stock.expire(limit: 10) == 1)
      try await scene.settle()
      #expect(try await scene.order(id)["cancellation"]?["reason"] == "expired")
      #expect(try await scene.stock(beans) == [100, 0])
      try expect(
        try await scene.post(
          "/v1/orders/\(id)/pay", #"{"chain":"bitcoin-regtest","asset":"BTC"}"#),
        is: 409, "order-not-payable")
      try await scene.expectSound()
    }
  }
}
