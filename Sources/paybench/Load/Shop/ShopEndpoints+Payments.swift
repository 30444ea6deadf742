internal import Foundation

// Payments, and money that is sent back.
extension ShopEndpoints {
  private static let somePayments = "SELECT payment_id AS text FROM payments LIMIT 500"
  /// Of orders that were handed over: others wait where their money goes back.
  static let settledPayments = """
    SELECT payments.payment_id AS text FROM payments
    JOIN orders ON orders.order_id = payments.order_id
    WHERE payments.status = 'settled' AND orders.status = 'completed'
    ORDER BY payments.payment_id DESC LIMIT 500
    """

  var paymentEndpoints: [Asked] {
    let id = "/v1/payments/{id}"
    return [
      Asked("POST /v1/payments", share: 8, status: 201) { count, _ in payments(count) },
      reading(id, share: 20, Self.somePayments),
      reading("/v1/payments", share: 4, query: "?limit=20"),
      reading("\(id)/qr.svg", share: 4, Self.somePayments),
      reading("\(id)/events", Self.somePayments),
      reading("\(id)/proof", Self.settledPayments),
      Asked("POST \(id)/cancel") { count, _ in
        try await asking("POST", "\(id)/cancel", of: newPayments(count))
      },
      Asked("POST \(id)/resolve") { count, _ in
        asking(
          "POST", "\(id)/resolve", of: try await shortPayments(count),
          body: #"{"action":"accept","due_minor":"100000"}"#)
      },
    ]
  }

  func payments(_ count: Int) -> ByteRun {
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

  /// To which too little has come.
  private func shortPayments(_ count: Int) async throws -> [String] {
    let payments = try await newPayments(count)
    guard let first = payments.min() else { return [] }
    try pay(
      100_000,
      to: await requests.texts(
        """
        SELECT address AS text FROM addresses WHERE payment_id >= '\(first)'
        """))
    return try await requests.texts(
      """
      SELECT payment_id AS text FROM payments
      WHERE status = 'partially_paid' AND payment_id >= '\(first)'
      """, atLeast: count)
  }

  // MARK: Refunds

  var refundEndpoints: [Asked] {
    let id = "/v1/refunds/{id}"
    return [
      Asked("POST /v1/payments/{id}/refunds", status: 201) { count, _ in
        try await refunds(count)
      },
      reading("/v1/refunds", query: "?limit=20"),
      reading(id, "SELECT refund_id AS text FROM refunds LIMIT 500"),
      Asked("POST \(id)/cancel") { count, _ in
        asking("POST", "\(id)/cancel", of: try await newRefunds(count))
      },
      Asked("POST \(id)/approve") { count, _ in
        asking(
          "POST", "\(id)/approve", of: try await newRefunds(count), body: "{}",
          as: shop.finance)
      },
    ]
  }

  func beginRefunds() async throws { _ = try await newRefunds(10) }

  private func refunds(_ count: Int) async throws -> ByteRun {
    guard count > 0 else { return ByteRun() }
    let payments = try await found(Self.settledPayments, "/v1/payments/{id}/refunds")
    return asking(
      "POST", "/v1/payments/{id}/refunds", of: (0..<count).map { payments[$0 % payments.count] },
      body: """
        {"kind":"partial","amount_minor":"600","address":"\(ServedShop.foreignAddress)"}
        """)
  }

  private func newRefunds(_ count: Int) async throws -> [String] {
    guard count > 0 else { return [] }
    let run = try await refunds(count)
    return try await made(
      count, by: { _ in run },
      "SELECT refund_id AS text FROM refunds ORDER BY refund_id DESC LIMIT \(count)")
  }
}
