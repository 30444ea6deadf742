import Bytes
import ChainTypes
import GatewayFixtures
import JSON
import LoopbackHTTP
import Testing

@Suite("proofs over HTTP")
struct ProofTests {
  private func proof(
    _ gateway: TestGateway, of id: String, _ query: String = ""
  ) async throws -> JSONValue {
    let answer = try await gateway.get("/v1/payments/\(id)/proof\(query)")
    try #require(answer.status == 200, "\(answer.body)")
    return try answer.json()
  }

  @Test("a transaction in a block has its proof, hashes in the order of a txid; others have null")
  func answer() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let payment = try await gateway.payment(id)
      let address = try #require(payment["address"])
      let same = [
        "amount", "amount_minor", "tolerance_minor", "confirmations_required", "created_at",
        "expires_at", "order_id",
      ]
      let empty = try await proof(gateway, of: id)
      let terms = try #require(empty["terms"])
      for name in same { #expect(terms[name] == payment[name], "\(name)") }
      #expect(
        empty == [
          "address": address, "asset": "BTC", "chain": "bitcoin-regtest", "data": [],
          "next_after": .null, "payment_id": .string(id), "terms": terms,
        ])
      let money = ChainByHand.Money(to: id, 60_000, in: "first")
      let block = try await gateway.chain.mineProved(money)
      let pending = ChainByHand.Money(to: id, 40_000, in: "second")
      try await gateway.chain.look(pending)
      let data = try #require(try await proof(gateway, of: id)["data"]?.elements)
      try #require(data.count == 2)
      #expect(data[0]["txid"] == .string(money.txid.displayHex))
      #expect(
        data[0]["outputs"] == [
          ["amount": "0.00060000", "amount_minor": "60000", "state": "included", "vout": 0]
        ])
      let hashes = ["left", "right", "beside", "above"].map {
        JSONValue.string(ChainByHand.hash($0).displayHex)
      }
      func digits(_ pair: String, _ count: Int) -> JSONValue {
        .string(String(repeating: pair, count: count))
      }
      #expect(
        data[0]["proof"] == [
          "block_hash": .string(block.hash.displayHex),
          "block_height": .integer(Int(block.height)),
          "coinbase": ["merkle": [hashes[2], hashes[3]], "transaction": digits("0c", 61)],
          "header": digits("0a", 80), "headers": [], "merkle": [hashes[0], hashes[1]], "pos": 2,
          "transaction": digits("0b", 60),
        ])
      #expect(data[1]["txid"] == .string(pending.txid.displayHex))
      #expect(data[1]["outputs"]?.elements?.first?["state"] == "seen")
      #expect(data[1]["proof"] == .null)
    }
  }

  @Test("a transaction recorded before proofs were kept has none, in a block or not")
  func older() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      try await gateway.chain.mine(.init(to: id, 100_000))
      let item = try #require(try await proof(gateway, of: id)["data"]?.elements?.first)
      #expect(item["outputs"]?.elements?.first?["state"] == "included")
      #expect(item["proof"] == .null)
    }
  }

  @Test("pages go on behind a txid, and refuse another")
  func pages() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let money = ["a", "b", "c"].map { ChainByHand.Money(to: id, 1_000, in: $0) }
      for money in money { try await gateway.chain.mine(money) }
      let all = try await gateway.all("/v1/payments/\(id)/proof", limit: 2)
      #expect(all.map { $0["txid"] } == money.map { .string($0.txid.displayHex) })
      let first = try await proof(gateway, of: id, "?limit=2")
      #expect(first["next_after"] == .string(money[1].txid.displayHex))
      for after in ["x", ChainByHand.hash("other").displayHex, "pay_1"] {
        try expect(
          try await gateway.get("/v1/payments/\(id)/proof?after=\(after)"), is: 422,
          "invalid-field", field: "after")
      }
      try expect(
        try await gateway.get("/v1/payments/\(id)/proof?height=1"), is: 422, "invalid-field",
        field: "height")
    }
  }
}
