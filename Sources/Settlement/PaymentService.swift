internal import Aggregates
package import Bytes
package import ChainTypes
package import Database
internal import EventLog
package import Payments
internal import Watching

/// Makes payments and applies what shops and operators decide. Everything runs inside the caller's
/// transaction, so that a reply, a payment and its events hold together or not at all.
package struct PaymentService: Sendable {
  let specs: [ChainName: ChainSpec]
  let policies: [String: TenantPolicy]
  package let region: String
  let trust: [ChainName: Set<TrustLevel>]
  let reserve: AddressReserve

  package static let maximumOrderIDBytes = 128
  package static let maximumMetadataBytes = 4_096

  /// - Parameters:
  ///   - trust: what makes a chain's blocks count; where nothing is said, one node does
  ///   - reserve: how many addresses of a tenant are set aside for this process at a time
  package init(
    specs: [ChainSpec], policies: [String: TenantPolicy], region: String,
    trust: [ChainName: Set<TrustLevel>] = [:], reserve: Int = 1_024
  ) {
    self.reserve = AddressReserve(size: reserve)
    self.trust = trust
    self.specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
    self.policies = policies
    self.region = region
  }

  /// Refunds of these payments, under the same policies.
  package var refunds: RefundService {
    RefundService(specs: Array(specs.values), policies: policies)
  }

  package func spec(_ chain: ChainName) -> ChainSpec? { specs[chain] }

  package var chains: [ChainName] { specs.keys.sorted() }

  // MARK: Deciding

  /// Applies an operator's or a shop's decision to one of the tenant's payments.
  package func decide(
    _ fact: PaymentFact, on id: String, tenant: String?, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Payment {
    guard var payment = try PaymentRecords.load(id, in: connection),
      tenant == nil || payment.terms.tenant == tenant
    else { throw PaymentRefusal.notFound(id) }
    let drafts = try PaymentRecords.apply(fact, to: &payment, now: now, in: connection)
    try EventLog.append(drafts, in: connection)
    return payment
  }

  // MARK: Reading

  package func payment(
    _ id: String, tenant: String?, in connection: any SQLConnection
  ) throws -> Payment {
    guard let payment = try PaymentRecords.load(id, locking: false, in: connection),
      tenant == nil || payment.terms.tenant == tenant
    else { throw PaymentRefusal.notFound(id) }
    return payment
  }

  /// The latest payment for the order, whatever became of it.
  package func payment(
    ofOrder orderID: String, tenant: String, in connection: any SQLConnection
  ) throws -> Payment? {
    let row = try connection.queryFirst(
      """
      SELECT payment_id, terms FROM payments WHERE tenant = $1 AND order_id = $2
      ORDER BY payment_id DESC LIMIT 1
      """, [.text(tenant), .text(orderID)])
    return try row.map {
      try PaymentRecords.replay($0.text("payment_id"), terms: $0.text("terms"), in: connection)
    }
  }

  /// The ids of an order's payments, the latest first: of many the latest.
  package func paymentIDs(
    ofOrder orderID: String, tenant: String, in connection: any SQLConnection
  ) throws -> [String] {
    try connection.query(
      """
      SELECT payment_id FROM payments WHERE tenant = $1 AND order_id = $2
      ORDER BY payment_id DESC LIMIT 16
      """, [.text(tenant), .text(orderID)]
    ).map { try $0.text("payment_id") }
  }

  /// The shop's id of the order that a payment is for; nil where there is no such payment.
  package func order(
    ofPayment id: String, tenant: String, in connection: any SQLConnection
  ) throws -> String? {
    try connection.queryFirst(
      "SELECT order_id FROM payments WHERE payment_id = $1 AND tenant = $2",
      [.text(id), .text(tenant)]
    )?.text("order_id")
  }

  /// What proves that the payment's transactions stand in blocks: the next `limit` behind `txid`.
  package func proof(
    of id: String, tenant: String?, after txid: Hash32?, limit: Int,
    in connection: any SQLConnection
  ) throws -> PaymentProof {
    let payment = try payment(id, tenant: tenant, in: connection)
    return try PaymentProof(payment, after: txid, limit: limit, in: connection)
  }

  /// Payments in the order in which they were made: the next `limit` after `id`. Who goes on behind
  /// the last one it got misses none.
  package func payments(
    tenant: String?, status: PaymentStatus?, orderID: String?, after id: String?, limit: Int,
    in connection: any SQLConnection
  ) throws -> [Payment] {
    try ReadingOrder.payments(connection.dialect).rows(
      "payment_id, terms",
      where: [
        ("tenant", .optional(tenant)), ("status", .optional(status?.rawValue)),
        ("order_id", .optional(orderID)),
      ],
      after: id, limit: limit, in: connection
    ).map { row in
      try PaymentRecords.replay(row.text("payment_id"), terms: row.text("terms"), in: connection)
    }
  }
}
