import ChainTypes
import Claiming
import Database
import EventLog
import GatewayFixtures
import JSON
import LoopbackHTTP
import Orders
import TestDatabases
import Testing

@Suite("Orders that are handed over")
struct HandoverTests {
  @Test("who shows the code gets the order, which hears of it and is completed")
  func claimed() async throws {
    try await ClaimScene.run { scene in
      let (order, claim) = try await scene.claimed()
      let answer = try await scene.show(scene.code(claim), for: claim)
      #expect(answer.status == 200)
      let processed = try answer.json()
      #expect(processed["status"] == "processed" && processed["processed_by"] == "bo")
      #expect(try await scene.order(order)["status"] == "ready")
      try await scene.hear()
      let completed = try await scene.order(order)
      #expect(completed["status"] == "completed" && completed["attention"] == nil)
      #expect(completed["claim"] == ["by": "bo", "id": .string(claim)])
      #expect(
        try await scene.types(order).suffix(3) == [
          "order.ready", "order.claimed", "order.completed",
        ])
      // The order's end is no news for its claim.
      #expect(try await scene.types(claim) == ["claim.created", "claim.processed"])
      #expect(try await scene.count("claim_codes") == 0)
      try await scene.expectSound()
    }
  }

  @Test("an order that staff has handed over can't be claimed any more")
  func completedByStaff() async throws {
    try await ClaimScene.run { scene in
      let (order, claim) = try await scene.claimed()
      let code = try await scene.code(claim)
      _ = try await scene.post("/v1/orders/\(order)/complete")
      try await scene.hear()
      let ended = try await scene.claim(claim)
      #expect(ended["status"] == "canceled" && ended["cancellation"] == "order_completed")
      try expect(try await scene.show(code, for: claim), is: 409, "claim-canceled")
      #expect(try await scene.order(order)["claim"] == nil)
      try await scene.expectSound()
    }
  }

  @Test(
    "staff and customer at once, orders kept elsewhere: the order hears of both, and is completed"
  )
  func both() async throws {
    try await ClaimScene.run(orders: nil) { scene in
      let (order, claim) = try await scene.claimed()
      _ = try await scene.post("/v1/orders/\(order)/complete")
      #expect(try await scene.show(scene.code(claim), for: claim).status == 200)
      try await scene.hear()
      #expect(try await scene.claim(claim)["status"] == "processed")
      #expect(
        try await scene.types(order).suffix(2) == ["order.completed", "order.claimed"])
      #expect(try await scene.order(order)["status"] == "completed")
      try await scene.expectSound()
    }
  }

  @Test("where orders are in the same database, none is handed over that doesn't stand ready")
  func unheard() async throws {
    try await ClaimScene.run { scene in
      let (order, claim) = try await scene.claimed()
      let code = try await scene.code(claim)
      try await scene.chain.reorg(2)
      try await scene.hearPayments()
      // Claiming hasn't heard of it yet.
      #expect(try await scene.claim(claim)["status"] == "open")
      try expect(try await scene.show(code, for: claim), is: 409, "claim-suspended")
      try expect(
        try await scene.show(wrongCode(1, not: code), for: claim), is: 409, "claim-suspended")
      #expect(try await scene.claim(claim)["attempts_left"] == 5)
      #expect(try await scene.post("/v1/orders/\(order)/cancel", "{}").status == 200)
      try expect(try await scene.show(code, for: claim), is: 409, "claim-canceled")
      let (completed, other) = try await scene.claimed()
      #expect(try await scene.post("/v1/orders/\(completed)/complete").status == 200)
      try expect(
        try await scene.show(scene.code(other), for: other), is: 409, "claim-canceled")
      try await scene.hear()
      #expect(try await scene.claim(claim)["status"] == "canceled")
      try await scene.expectSound()
    }
  }

  @Test("an order whose payment the chain took back can't be claimed until it is paid again")
  func reorganised() async throws {
    try await ClaimScene.run { scene in
      let (order, claim) = try await scene.claimed()
      let code = try await scene.code(claim)
      let payment = try #require(try await scene.order(order)["payment"]?["id"]?.string)
      try await scene.chain.reorg(2)
      try await scene.hearPayments()
      #expect(try await scene.order(order)["status"] == "held")
      try await scene.hear()
      #expect(try await scene.claim(claim)["status"] == "suspended")
      try expect(try await scene.show(code, for: claim), is: 409, "claim-suspended")
      try expect(
        try await scene.show(wrongCode(1, not: code), for: claim), is: 409, "claim-suspended")
      #expect(try await scene.claim(claim)["attempts_left"] == 5)

      try await scene.chain.mine(.init(to: payment, 10_000))
      try await scene.chain.mineEmpty(1)
      try await scene.hearPayments()
      try await scene.hear()
      #expect(try await scene.order(order)["status"] == "ready")
      // The same code, as the customer was told it.
      #expect(try await scene.code(claim) == code)
      #expect(try await scene.show(code, for: claim).status == 200)
      try await scene.hear()
      #expect(try await scene.order(order)["status"] == "completed")
      try await scene.expectSound()
    }
  }

  @Test(
    "what was handed over before that its payment was gone is completed, and asks for attention")
  func tooLate() async throws {
    try await ClaimScene.run(orders: nil) { scene in
      let (order, claim) = try await scene.claimed()
      try await scene.chain.reorg(2)
      try await scene.hearPayments()
      // Claiming hasn't heard of it yet.
      #expect(try await scene.show(scene.code(claim), for: claim).status == 200)
      try await scene.hear()
      let completed = try await scene.order(order)
      #expect(
        completed["status"] == "completed" && completed["attention"] == "payment_reversed")
      #expect(
        try await scene.types(order).suffix(2) == ["order.claimed", "order.completed"])
      try await scene.expectSound()
    }
  }

  @Test(
    "that an order was claimed is heard once, wherever a process dies", arguments: [false, true])
  func deaths(afterCommit: Bool) async throws {
    try await ClaimScene.run { scene in
      for write in 1...3 {
        let (order, claim) = try await scene.claimed()
        #expect(try await scene.show(scene.code(claim), for: claim).status == 200)
        let dying = DyingDatabase(scene.database, at: write, afterCommit: afterCommit)
        var process = scene
        process.database = dying
        do {
          try await process.hearClaims()
        } catch {
          try #require(dying.isDead, "\(error)")
        }
        try await scene.hear()
        #expect(
          try await scene.types(order).suffix(3) == [
            "order.ready", "order.claimed", "order.completed",
          ])
      }
      try await scene.expectSound()
    }
  }
}
