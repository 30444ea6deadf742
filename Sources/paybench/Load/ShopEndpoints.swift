internal import Addresses
internal import Bitcoin
internal import ChainSim
internal import ChainTypes
internal import Foundation

/// What is asked of a served shop: the endpoints of payments, orders and stock, with answers as
/// they are where all goes well.
struct ShopEndpoints: Sendable {
  let shop: ServedShop
  private let requests: ShopRequests

  /// An endpoint and how requests for it are made.
  private struct Asked: Sendable {
    let name: String
    var share = 1
    var status = 200
    /// So many that each may be asked once, or fewer where they may be asked again.
    let make: @Sendable (Int) async throws -> ByteRun
  }

  init(_ shop: ServedShop) {
    self.shop = shop
    requests = ShopRequests(shop: shop)
  }

  /// Waits until all the addresses that are derived ahead can be handed out.
  private func waitForAddresses() async throws {
    _ = try await requests.texts(
      """
      SELECT chain AS text FROM chains WHERE addresses_through >= (
        SELECT ordinal FROM addresses WHERE payment_id IS NULL AND touched = 0
        ORDER BY ordinal LIMIT 1 OFFSET \(shop.readyAddresses - 1))
      """, atLeast: 1)
  }

  /// Fills the shop with what is read: payments, orders and stock.
  func begin(_ count: Int) async throws {
    try await waitForAddresses()
    try await requests.send(supplies(Self.products), expecting: 201)
    try await requests.send(orders(count), expecting: 201)
    try await requests.send(payments(count), expecting: 201)
    _ = try await confirmedOrders(max(10, count / 5))
  }

  /// A schedule of all endpoints, with its requests made.
  func schedule(rate: Double, seconds: Double, seed: UInt64) async throws -> LoadSchedule {
    let all = endpoints
    var schedule = LoadSchedule(
      all.map { LoadSchedule.Endpoint(name: $0.name, share: $0.share, status: $0.status) },
      rate: rate, seconds: seconds, seed: seed)
    for place in all.indices {
      schedule.endpoints[place].requests = try await all[place].make(schedule.count(of: place))
    }
    try await waitForAddresses()
    return schedule
  }

  /// The endpoints' names.
  var names: [String] { endpoints.map(\.name) }

  private var endpoints: [Asked] { paymentEndpoints + orderEndpoints + supplyEndpoints }

  // MARK: Payments

  private var paymentEndpoints: [Asked] {
    [
      Asked(name: "POST /v1/payments", share: 8, status: 201) { payments($0) },
      reading("/v1/payments/{id}", share: 8, "SELECT payment_id AS text FROM payments LIMIT 500"),
      reading("/v1/payments", share: 2, query: "?limit=20"),
      reading("/v1/payments/{id}/qr.svg", "SELECT payment_id AS text FROM payments LIMIT 500"),
      reading(
        "/v1/payments/{id}/events", "SELECT payment_id AS text FROM payments LIMIT 500"),
      reading(
        "/v1/payments/{id}/proof",
        "SELECT payment_id AS text FROM payments WHERE status = 'settled' LIMIT 200"),
      reading("/v1/events", share: 2, query: "?limit=20"),
      reading("/v1/refunds", query: "?limit=20"),
      Asked(name: "POST /v1/payments/{id}/cancel") { count in
        try await asking("POST", "/v1/payments/{id}/cancel", of: newPayments(count))
      },
    ]
  }

  private func payments(_ count: Int) -> ByteRun {
    requests.run(
      (0..<count).map { _ in
        requests.request(
          "POST", "/v1/payments",
          body: """
            {"order_id":"\(UUID().uuidString)","chain":"\(ServedShop.chain)","asset":"BTC",\
            "amount":"0.0015"}
            """)
      })
  }

  /// Ids of payments that were made for this.
  private func newPayments(_ count: Int) async throws -> [String] {
    try await made(
      count, by: payments,
      "SELECT payment_id AS text FROM payments ORDER BY payment_id DESC LIMIT \(count)")
  }

  // MARK: Orders

  private var orderEndpoints: [Asked] {
    [
      Asked(name: "POST /v1/orders", share: 6, status: 201) { orders($0) },
      reading("/v1/orders/{id}", share: 8, "SELECT order_id AS text FROM orders LIMIT 500"),
      reading("/v1/orders", share: 2, query: "?limit=20"),
      Asked(name: "PATCH /v1/orders/{id}", share: 2) { count in
        try await asking(
          "PATCH", "/v1/orders/{id}", of: newOrders(count), body: #"{"items":[\#(item(3))]}"#)
      },
      Asked(name: "POST /v1/orders/{id}/pay", share: 2) { count in
        try await asking("POST", "/v1/orders/{id}/pay", of: newOrders(count), body: payment)
      },
      Asked(name: "POST /v1/orders/{id}/cancel") { count in
        try await asking("POST", "/v1/orders/{id}/cancel", of: newOrders(count), body: "{}")
      },
    ]
      + ["prepare", "ready", "complete"].enumerated().map { place, word in
        Asked(name: "POST /v1/orders/{id}/\(word)") { count in
          let orders = try await confirmedOrders(count)
          for earlier in ["prepare", "ready"].prefix(place) {
            try await requests.send(
              asking("POST", "/v1/orders/{id}/\(earlier)", of: orders), expecting: 200)
          }
          return try await asking("POST", "/v1/orders/{id}/\(word)", of: orders)
        }
      }
  }

  /// What orders take of stock.
  private static let products = (0..<100).map { "product \($0)" }

  private let payment = #"{"chain":"\#(ServedShop.chain)","asset":"BTC","amount":"0.0015"}"#

  private func item(_ quantity: Int) -> String {
    """
    {"product":"flat white","quantity":\(quantity),"unit_price":"4.50",\
    "customizations":[{"name":"oat milk","price":"0.40"}],\
    "stock":[{"product":"\(Self.products[Int.random(in: 0..<100)])","quantity":1}]}
    """
  }

  private func orders(_ count: Int, isPaid: Bool = false) -> ByteRun {
    requests.run(
      (0..<count).map { _ in
        requests.request(
          "POST", "/v1/orders",
          body: """
            {"location":"old town","currency":"USD","customer":"c-\(Int.random(in: 0..<1_000))",\
            "items":[\(item(1))]\(isPaid ? #","payment":\#(payment)"# : "")}
            """)
      })
  }

  private func newOrders(_ count: Int) async throws -> [String] {
    try await made(
      count, by: { orders($0) },
      "SELECT order_id AS text FROM orders ORDER BY order_id DESC LIMIT \(count)")
  }

  /// Orders that were made and paid on the chain for this, and are confirmed.
  private func confirmedOrders(_ count: Int) async throws -> [String] {
    guard count > 0 else { return [] }
    let last =
      try await requests.texts("SELECT COALESCE(MAX(order_id), '') AS text FROM orders").first ?? ""
    try await requests.send(orders(count, isPaid: true), expecting: 201)
    let addresses = try await requests.texts(
      """
      SELECT addresses.address AS text FROM payments
      JOIN addresses ON addresses.payment_id = payments.payment_id
      WHERE payments.order_id > '\(last)' AND payments.order_id LIKE 'ord_%'
      """, atLeast: count)
    let network = BitcoinNetwork(.regtest)
    for begin in stride(from: 0, to: addresses.count, by: 500) {
      try shop.node.pay(
        PaymentOrder(
          outputs: addresses[begin..<min(begin + 500, addresses.count)].map {
            TransactionOutput(
              value: 150_000,
              scriptPubKey: try BitcoinAddress($0, network: network).output.scriptPubKey)
          }))
    }
    // As deep as payments of this amount must be, and final.
    try shop.node.mine(6)
    return try await requests.texts(
      "SELECT order_id AS text FROM orders WHERE status = 'confirmed' AND order_id > '\(last)'",
      atLeast: count)
  }

  // MARK: Stock

  private var supplyEndpoints: [Asked] {
    [
      Asked(name: "POST /v1/supplies", status: 201) { supplies($0) },
      reading("/v1/supplies/{id}", share: 3, "SELECT supply_id AS text FROM supplies LIMIT 100"),
      reading("/v1/supplies", query: "?limit=20"),
      Asked(name: "PATCH /v1/supplies/{id}") { count in
        try await asking(
          "PATCH", "/v1/supplies/{id}", of: newSupplies(count), body: #"{"name":"whole milk"}"#)
      },
      Asked(name: "POST /v1/supplies/{id}/adjust") { count in
        try await asking(
          "POST", "/v1/supplies/{id}/adjust", of: newSupplies(count),
          body: #"{"change":5,"reason":"delivery"}"#)
      },
      Asked(name: "DELETE /v1/supplies/{id}") { count in
        try await asking("DELETE", "/v1/supplies/{id}", of: newSupplies(count))
      },
    ]
  }

  private func supplies(_ count: Int) -> ByteRun {
    supplies((0..<count).map { _ in UUID().uuidString })
  }

  private func supplies(_ products: [String]) -> ByteRun {
    requests.run(
      products.map { product in
        requests.request(
          "POST", "/v1/supplies",
          body: """
            {"location":"old town","unit":"piece","on_hand":1000000000,"product":"\(product)"}
            """)
      })
  }

  private func newSupplies(_ count: Int) async throws -> [String] {
    try await made(
      count, by: supplies,
      "SELECT supply_id AS text FROM supplies ORDER BY supply_id DESC LIMIT \(count)")
  }

  // MARK: Making requests

  /// Reads that may be repeated; of records whose ids the query gives where there is one.
  private func reading(
    _ path: String, share: Int = 1, _ ids: String? = nil, query: String = ""
  ) -> Asked {
    Asked(name: "GET \(path)", share: share) { _ in
      guard let ids else { return requests.run([requests.request("GET", path + query)]) }
      let found = try await requests.texts(ids)
      guard !found.isEmpty else { throw BenchmarkFailure("nothing to read for \(path)") }
      return try await asking("GET", path, of: found)
    }
  }

  private func asking(
    _ method: String, _ path: String, of ids: [String], body: String? = nil
  ) async throws -> ByteRun {
    requests.run(
      ids.map {
        requests.request(method, path.replacing("{id}", with: $0), body: body)
      })
  }

  /// Sends so many requests that make something, and gives the ids of what they made.
  private func made(
    _ count: Int, by make: (Int) -> ByteRun, _ ids: String
  ) async throws -> [String] {
    guard count > 0 else { return [] }
    try await requests.send(make(count), expecting: 201)
    return try await requests.texts(ids)
  }
}
