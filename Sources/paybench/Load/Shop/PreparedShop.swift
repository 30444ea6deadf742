internal import Addresses
internal import Bitcoin
internal import ChainSim
internal import ChainTypes
internal import Foundation

/// Orders that were made, paid on the chain and carried on, for requests of which each takes one.
struct PreparedShop: Sendable {
  /// How far an order has come.
  enum Stage: Int, CaseIterable {
    case confirmed, preparing, ready
    /// As `ready`, and its claim is what is given.
    case claimed
  }

  private var rest: [Stage: [String]]

  /// The next `count` ids.
  mutating func take(_ count: Int, _ stage: Stage) throws -> [String] {
    let all = rest[stage] ?? []
    guard all.count >= count else {
      throw BenchmarkFailure("\(all.count) of \(count) orders are \(stage)")
    }
    rest[stage] = Array(all.dropFirst(count))
    return Array(all.prefix(count))
  }

  static func make(
    _ counts: [Stage: Int], for endpoints: ShopEndpoints
  ) async throws -> PreparedShop {
    let requests = endpoints.requests
    var orders = try await confirmed(counts.values.reduce(0, +), endpoints)[...]
    var rest: [Stage: [String]] = [:]
    for stage in Stage.allCases {
      let count = counts[stage] ?? 0
      rest[stage] = Array(orders.prefix(count))
      orders = orders.dropFirst(count)
    }
    func step(_ word: String, _ ids: [String]) async throws {
      try await requests.send(
        endpoints.asking("POST", "/v1/orders/{id}/\(word)", of: ids), expecting: 200)
    }
    let (ready, claimed) = ((rest[.ready] ?? []), (rest[.claimed] ?? []))
    try await step("prepare", (rest[.preparing] ?? []) + ready + claimed)
    try await step("ready", ready + claimed)
    if let first = claimed.min(), let last = claimed.max() {
      rest[.claimed] = try await requests.texts(
        """
        SELECT claim_id AS text FROM claims
        WHERE order_id >= '\(first)' AND order_id <= '\(last)' ORDER BY order_id
        """, atLeast: claimed.count)
    }
    return PreparedShop(rest: rest)
  }

  /// In the order of their ids.
  private static func confirmed(
    _ count: Int, _ endpoints: ShopEndpoints
  ) async throws -> [String] {
    guard count > 0 else { return [] }
    let requests = endpoints.requests
    let last =
      try await requests.texts("SELECT COALESCE(MAX(order_id), '') AS text FROM orders").first ?? ""
    try await requests.send(endpoints.orders(count, isPaid: true), expecting: 201)
    let addresses = try await requests.texts(
      """
      SELECT addresses.address AS text FROM payments
      JOIN addresses ON addresses.payment_id = payments.payment_id
      WHERE payments.order_id > '\(last)' AND payments.order_id LIKE 'ord_%'
      """, atLeast: count)
    try endpoints.pay(150_000, to: addresses)
    return try await requests.texts(
      """
      SELECT order_id AS text FROM orders
      WHERE status = 'confirmed' AND order_id > '\(last)' ORDER BY order_id
      """, atLeast: count)
  }
}

extension ShopEndpoints {
  /// Pays satoshi to each of these, as deep as payments of such amounts must be, and final.
  func pay(_ satoshi: UInt64, to addresses: [String]) throws {
    let network = BitcoinNetwork(.regtest)
    for begin in stride(from: 0, to: addresses.count, by: 500) {
      try shop.node.pay(
        PaymentOrder(
          outputs: addresses[begin..<min(begin + 500, addresses.count)].map {
            TransactionOutput(
              value: satoshi,
              scriptPubKey: try BitcoinAddress($0, network: network).output.scriptPubKey)
          }))
    }
    try shop.node.mine(6)
  }
}
