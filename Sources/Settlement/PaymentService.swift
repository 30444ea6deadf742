package import Bytes
package import ChainTypes
package import Database
internal import EventLog
package import Payments
internal import Watching

/// Makes payments and applies what shops and operators decide. Everything runs inside the caller's
/// transaction, so that a reply, a payment and its events hold together or not at all.
package struct PaymentService: Sendable {
  private let specs: [ChainName: ChainSpec]
  private let policies: [String: TenantPolicy]
  package let region: String
  private let trust: [ChainName: Set<TrustLevel>]

  package static let maximumOrderIDBytes = 128
  package static let maximumMetadataBytes = 4_096

  /// - Parameter trust: what makes a chain's blocks count; where nothing is said, one node does
  package init(
    specs: [ChainSpec], policies: [String: TenantPolicy], region: String,
    trust: [ChainName: Set<TrustLevel>] = [:]
  ) {
    self.trust = trust
    self.specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
    self.policies = policies
    self.region = region
  }

  package func spec(_ chain: ChainName) -> ChainSpec? { specs[chain] }

  package var chains: [ChainName] { specs.keys.sorted() }

  // MARK: Making

  /// Makes a payment with an address of its own.
  package func create(
    _ request: PaymentRequest, now: Timestamp, random: (UInt64, UInt64),
    in connection: any SQLConnection
  ) throws -> Payment {
    guard let spec = specs[request.chain] else {
      throw PaymentRefusal.unknownChain(request.chain.text)
    }
    guard let policy = policies[request.tenant] else {
      throw PaymentRefusal.tenantNotConfigured(request.tenant)
    }
    // A tolerance that would waive all of a small amount is none.
    let tolerance =
      request.tolerance ?? (policy.tolerance < request.amount ? policy.tolerance : .zero)
    let expiry = request.expiresInSeconds ?? policy.expirySeconds
    try check(request, spec: spec, policy: policy, tolerance: tolerance, expiry: expiry)
    let holder = try connection.queryFirst(
      "SELECT payment_id FROM payments WHERE tenant = $1 AND order_id = $2 AND holds_order = 1",
      [.text(request.tenant), .text(request.orderID)])
    if let holder { throw PaymentRefusal.orderHasPayment(try holder.text("payment_id")) }

    let id = try newID(tenant: request.tenant, now: now, random: random, in: connection)
    let address = try takeAddress(for: request, spec: spec, payment: id, in: connection)
    // Only the cap on the amount lets the mempool count as paid; no tier or depth of 0 does.
    let depth = policy.confirmations ?? spec.confirmations(for: request.amount)
    let confirmations =
      request.amount <= policy.zeroConfirmationMaximum
      ? 0 : max(1, min(depth, spec.finalityDepth))
    let terms = PaymentTerms(
      id: id, tenant: request.tenant, orderID: request.orderID, chain: request.chain,
      asset: spec.asset, amount: request.amount, tolerance: tolerance, createdAt: now,
      expiresAt: now.adding(seconds: expiry), confirmations: confirmations,
      finality: spec.finalityDepth, latePolicy: policy.late, ordinal: address.ordinal,
      address: address.text, region: region, metadata: request.metadata)
    let payment = Payment(terms: terms)
    try PaymentRecords.insert(payment, now: now, in: connection)
    return payment
  }

  private func check(
    _ request: PaymentRequest, spec: ChainSpec, policy: TenantPolicy, tolerance: UInt256,
    expiry: Int64
  ) throws {
    guard (1...Self.maximumOrderIDBytes).contains(request.orderID.utf8.count),
      !request.orderID.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
    else { throw PaymentRefusal.invalidOrderID }
    guard request.amount >= max(spec.dustLimit, .one) else {
      throw PaymentRefusal.amountTooSmall(minimum: max(spec.dustLimit, .one))
    }
    let maximum = UInt256(Asset.maximumSatoshi)
    guard request.amount <= maximum else {
      throw PaymentRefusal.amountTooLarge(maximum: maximum)
    }
    let limit = spec.creditLimits.largestPayment(at: trust[spec.name] ?? [])
    if let limit, request.amount > limit {
      throw PaymentRefusal.aboveCreditLimit(maximum: limit)
    }
    guard tolerance < request.amount else { throw PaymentRefusal.toleranceTooLarge }
    guard policy.expirySecondsRange.contains(expiry) else {
      throw PaymentRefusal.expiryOutOfRange(policy.expirySecondsRange)
    }
    guard (request.metadata?.utf8.count ?? 0) <= Self.maximumMetadataBytes else {
      throw PaymentRefusal.metadataTooLong(maximumBytes: Self.maximumMetadataBytes)
    }
    guard request.metadata.map(CanonicalJSON.isObject) ?? true else {
      throw PaymentRefusal.invalidMetadata
    }
  }

  /// Above every id of the tenant's payments, whatever the clock says: who reads them in order
  /// misses none.
  private func newID(
    tenant: String, now: Timestamp, random: (UInt64, UInt64), in connection: any SQLConnection
  ) throws -> String {
    let id = Identifier(
      prefix: "pay", milliseconds: UInt64(clamping: now.microseconds / 1_000), random: random)
    let row = try connection.queryFirst(
      "SELECT MAX(payment_id) AS last FROM payments WHERE tenant = $1", [.text(tenant)])
    guard let last = try row?.optionalText("last"), last >= id.description,
      let latest = Identifier(last, prefix: "pay")
    else { return id.description }
    return latest.following(random: random.1).description
  }

  /// Takes the tenant's lowest free address that every watcher of the family watches already.
  private func takeAddress(
    for request: PaymentRequest, spec: ChainSpec, payment: String, in connection: any SQLConnection
  ) throws -> (ordinal: UInt64, text: String) {
    var through = UInt64.max
    for other in specs.values where other.family.name == spec.family.name {
      // A chain whose watcher has never run watches nothing.
      let cursor = try ChainRecords.cursor(of: other.name, in: connection)
      through = min(through, cursor?.addressesThrough ?? 0)
      if let halt = cursor?.halt, other.name == spec.name {
        throw PaymentRefusal.chainHalted(spec.name.text, reason: halt)
      }
    }
    let row = try connection.queryFirst(
      """
      SELECT ordinal, address FROM addresses
      WHERE payment_id IS NULL AND touched = 0 AND ordinal <= $1 AND account_id =
        (SELECT account_id FROM accounts
         WHERE tenant = $2 AND family = $3 AND region = $4 ORDER BY epoch DESC LIMIT 1)
      ORDER BY ordinal LIMIT 1
      """,
      [
        .ordinal(through), .text(request.tenant), .text(spec.family.name), .text(region),
      ])
    guard let row else { throw PaymentRefusal.noAddressReady(chain: spec.name.text) }
    let ordinal = try row.ordinal("ordinal")
    let taken = try connection.execute(
      """
      UPDATE addresses SET payment_id = $1
      WHERE family = $2 AND ordinal = $3 AND payment_id IS NULL
      """, [.text(payment), .text(spec.family.name), .ordinal(ordinal)])
    guard taken == 1 else { throw PaymentRefusal.noAddressReady(chain: spec.name.text) }
    return (ordinal, try row.text("address"))
  }

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

  /// What proves that the payment's transactions stand in blocks: the next `limit` behind `txid`.
  package func proof(
    of id: String, tenant: String?, after txid: Hash32?, limit: Int,
    in connection: any SQLConnection
  ) throws -> PaymentProof {
    let payment = try payment(id, tenant: tenant, in: connection)
    return try PaymentProof(payment, after: txid, limit: limit, in: connection)
  }

  /// Payments by id, which is by the time they were made: the next `limit` after `id`.
  package func payments(
    tenant: String?, status: PaymentStatus?, orderID: String?, after id: String?, limit: Int,
    in connection: any SQLConnection
  ) throws -> [Payment] {
    var conditions = ["payment_id > $1"]
    var arguments: [SQLValue] = [.text(id ?? "")]
    func require(_ column: String, _ value: String?) {
      guard let value else { return }
      arguments.append(.text(value))
      conditions.append("\(column) = $\(arguments.count)")
    }
    require("tenant", tenant)
    require("status", status?.rawValue)
    require("order_id", orderID)
    arguments.append(.integer(Int64(limit)))
    return try connection.query(
      """
      SELECT payment_id, terms FROM payments WHERE \(conditions.joined(separator: " AND "))
      ORDER BY payment_id LIMIT $\(arguments.count)
      """, arguments
    ).map { row in
      try PaymentRecords.replay(row.text("payment_id"), terms: row.text("terms"), in: connection)
    }
  }
}
