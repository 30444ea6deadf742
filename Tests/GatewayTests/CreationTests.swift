import Addresses
import ChainTypes
import GatewayFixtures
import HTTPServer
import JSON
import LoopbackHTTP
import QRCode
import SchemaChecking
import Testing

@Suite("creating payments over HTTP")
struct CreationTests {
  @Test("the answer has every member, amounts exact to the satoshi, and the metadata as given")
  func answer() async throws {
    try await TestGateway.run { gateway in
      let metadata = #"{"cup":"größe \u2028 2","n":1.50,"l":[{"deep":null}],"e":{}}"#
      let more = #","tolerance":"0.00000001","expires_in":600,"metadata":\#(metadata)"#
      let body = TestGateway.order("order-1", amount: "20999999.12345678", more: more)
      let answer = try await gateway.create(body)
      #expect(answer.status == 201)
      #expect(answer.headers["content-type"] == "application/json")
      let payment = try answer.json()
      let address = try TestGateway.address(0)
      let expected: [String: JSONValue] = [
        "order_id": "order-1", "status": "open", "chain": "bitcoin-regtest", "asset": "BTC",
        "address": .string(address),
        "uri": .string("bitcoin:\(address)?amount=20999999.12345678"),
        "amount": "20999999.12345678", "amount_minor": "2099999912345678",
        "due_minor": "2099999912345678", "tolerance_minor": "1", "received": "0.00000000",
        "received_minor": "0", "confirmed_minor": "0", "shortfall_minor": "2099999912345678",
        "overpaid_by_minor": "0", "held_minor": "0", "late": false, "multiple": false,
        "replaceable": false, "reversals": 0, "refund_status": "none",
        "refundable_minor": "0",
        "confirmations_required": 2, "created_at": "2027-01-15T08:00:00.000Z",
        "expires_at": "2027-01-15T08:10:00.000Z", "region": "eu", "version": 0,
        "transfers": [], "transfer_count": 0,
        "metadata": try JSONValue(parsing: Array(metadata.utf8)),
      ]
      #expect(payment.names == Set(expected.keys).union(["id"]))
      for (name, value) in expected { #expect(payment[name] == value, "\(name)") }
      let id = try #require(payment["id"]?.string)
      #expect(id.hasPrefix("pay_") && id.utf8.count == 30)
      #expect(try await gateway.get("/v1/payments/\(id)").body == answer.body)
      #expect(try await gateway.events(of: id) == ["payment.created"])
    }
  }

  @Test(
    "an amount means the same satoshi however it is written",
    arguments: [
      ("0.00000546", "546"), ("1", "100000000"), ("01.50", "150000000"),
      ("0.10000000", "10000000"), ("21000000", "2100000000000000"),
    ])
  func amounts(text: String, satoshi: String) async throws {
    try await TestGateway.run { gateway in
      let payment = try await gateway.create(TestGateway.order("a", amount: text)).json()
      #expect(payment["amount_minor"] == .string(satoshi))
    }
  }

  @Test("an order id and metadata come back whatever characters they hold")
  func characters() async throws {
    try await TestGateway.run { gateway in
      let order = String(repeating: "é", count: 64)
      let metadata = #"{"a\"b":"\\ \u0000 \ud83d\ude00 </script>","big":1e99}"#
      let answer = try await gateway.create(
        TestGateway.order(order, more: #","metadata":\#(metadata)"#))
      #expect(answer.status == 201, "\(answer.body)")
      let payment = try answer.json()
      #expect(payment["order_id"] == .string(order))
      #expect(payment["metadata"] == (try JSONValue(parsing: Array(metadata.utf8))))
      let none = try await gateway.create(TestGateway.order("b", more: #","metadata":null"#))
      #expect(try none.json()["metadata"] == nil)
    }
  }

  @Test("the QR code holds the payment's URI, and stays as it is")
  func qrCode() async throws {
    try await TestGateway.run { gateway in
      let id = try await gateway.made("order-1")
      let uri = try #require(try await gateway.payment(id)["uri"]?.string)
      let image = try await gateway.get("/v1/payments/\(id)/qr.svg")
      #expect(image.status == 200)
      #expect(image.headers["content-type"] == "image/svg+xml")
      #expect(image.headers["cache-control"] == "private, max-age=86400, immutable")
      let network = BitcoinNetwork(.regtest)
      #expect(image.body == (try QRCode(BitcoinPaymentURI(uri, network: network).qrText).svg))
      try await gateway.chain.mine(.init(to: id, 50_000))
      let accept = #"{"action":"accept","due_minor":"50000"}"#
      #expect(try await gateway.decide("resolve", id, accept).status == 200)
      #expect(try await gateway.get("/v1/payments/\(id)/qr.svg").body == image.body)
    }
  }

  @Test("each payment gets an address of its own, also when many are made at once")
  func addresses() async throws {
    try await TestGateway.run(.init(ready: 40)) { gateway in
      let addresses = try await withThrowingTaskGroup(of: String?.self) { group in
        for number in 0..<40 {
          group.addTask {
            try await gateway.create(TestGateway.order("order-\(number)")).json()["address"]?
              .string
          }
        }
        return try await group.reduce(into: [String?]()) { $0.append($1) }
      }
      #expect(!addresses.contains(nil))
      #expect(Set(addresses).count == 40)
      try expect(
        try await gateway.create(TestGateway.order("one-more")), is: 503, "no-address-ready")
    }
  }

  @Test("no address is given out before the watcher has come to watch it")
  func barrier() async throws {
    try await TestGateway.run(.init(watching: false)) { gateway in
      let body = TestGateway.order("order-1")
      for _ in 0..<2 {
        let refused = try await gateway.create(body)
        try expect(refused, is: 503, "no-address-ready")
        #expect(refused.headers["retry-after"] == "1")
      }
      #expect(try await gateway.written() == [0, 0, 0, 0, 0])
      try await gateway.chain.watch(through: 1)
      #expect(try await gateway.create(body).status == 201)
      try expect(
        try await gateway.create(TestGateway.order("order-2")), is: 503, "no-address-ready")
      try await gateway.chain.watchAll()
      #expect(try await gateway.create(TestGateway.order("order-2")).status == 201)
    }
  }

  @Test("a second chain of the family holds addresses back until it is watched too")
  func otherChain() async throws {
    let other = try ChainByHand.spec("bitcoin-signet")
    try await TestGateway.run(.init(otherChains: [other])) { gateway in
      try expect(
        try await gateway.create(TestGateway.order("order-1")), is: 503, "no-address-ready")
    }
  }

  @Test("nothing is made on a chain whose crediting has stopped")
  func halted() async throws {
    try await TestGateway.run { gateway in
      try await gateway.chain.halt("a secret reason")
      let answer = try await gateway.create(TestGateway.order("order-1"))
      try expect(answer, is: 503, "chain-halted")
      #expect(answer.headers["retry-after"] == "60")
      #expect(!answer.body.contains("secret"))
      #expect(try await gateway.written().filter { $0 > 0 }.count == 1, "the halt's own event")
    }
  }

  @Test("an order has one running payment, and may have another once that has ended")
  func orders() async throws {
    try await TestGateway.run { gateway in
      let first = try await gateway.made("order-1")
      let refused = try await gateway.create(TestGateway.order("order-1", amount: "0.002"))
      try expect(refused, is: 409, "order-has-payment")
      #expect(try refused.json()["payment_id"] == .string(first))
      #expect(
        try await gateway.create(
          TestGateway.order("order-1"), as: TestGateway.otherTenant
        ).status == 201)
      #expect(try await gateway.decide("cancel", first).status == 200)
      let second = try await gateway.made("order-1")
      #expect(second != first)
      try expect(
        try await gateway.create(TestGateway.order("order-1")), is: 409, "order-has-payment")
      #expect(
        try await gateway.all("/v1/payments?order_id=order-1", limit: 10).map { $0["id"] }
          == [.string(first), .string(second)])
    }
  }
}
