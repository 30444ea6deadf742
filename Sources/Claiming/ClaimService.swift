package import Aggregates
package import Cache
package import ChainTypes
package import Database

/// Hands orders over and keeps what people decide about claims. Everything runs inside the caller's
/// transaction, on the claim's row, which it holds: of any number that show the code at once, in
/// any number of processes, one is handed the order.
package struct ClaimService: Sendable {
  let database: any Database
  /// This one's: claims of other regions are only read.
  let region: String
  /// Through which single claims are read, without their codes; then `database` invalidates it.
  let cache: CacheAside?
  /// Where claimed orders stand, if they are in the same database; else their events tell.
  let orders: (any ClaimedOrders)?
  let records = ClaimRecords()

  package init(
    database: any Database, region: String, cache: CacheAside? = nil,
    orders: (any ClaimedOrders)? = nil
  ) {
    self.database = database
    self.region = region
    self.cache = cache
    self.orders = orders
  }

  /// What showing a code comes to. A wrong one is no error: it is recorded.
  package enum Answer: Equatable, Sendable {
    case processed(Claim)
    case wrong(attemptsLeft: Int64)
  }

  /// An order that was held or has ended, of which the claim hasn't heard yet, isn't handed over.
  package func show(
    _ code: ClaimCode, for id: String, tenant: String, by: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Answer {
    var claim = try hold(id, tenant: tenant, in: connection)
    // A claim that has ended says by itself how.
    if !claim.status.hasEnded {
      switch try orders?.standing(of: claim.terms.order, tenant: tenant, in: connection) {
      case .held: throw ClaimRefusal.suspended
      case .completed, .canceled: throw ClaimRefusal.canceled
      case .ready, nil: break
      }
    }
    let fact = try claim.showing(code, by: by)
    try records.apply(fact, to: &claim, now: now, in: connection)
    return claim.status == .processed
      ? .processed(claim) : .wrong(attemptsLeft: claim.attemptsLeft)
  }

  /// The claim, held until the transaction ends; refused where another region decides about it.
  @discardableResult
  package func hold(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> Claim {
    guard let claim = try records.load(id, tenant: tenant, in: connection) else {
      throw ClaimRefusal.notFound(id)
    }
    guard claim.terms.region == region else {
      throw ClaimRefusal.elsewhere(region: claim.terms.region)
    }
    return claim
  }

  // MARK: Deciding

  /// Gives it another code, and takes the wrong attempts back.
  package func renew(
    _ id: String, tenant: String, code: ClaimCode, by: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Claim {
    var claim = try hold(id, tenant: tenant, in: connection)
    try records.apply(
      .renewed(code: code.digest(of: id), by: by), to: &claim, now: now, in: connection)
    try records.keep(code, of: claim, in: connection)
    return claim
  }

  /// Names who brings it, and where to. The same again changes nothing.
  package func assign(
    _ courier: String, address: String, to id: String, tenant: String, by: String,
    now: Timestamp, in connection: any SQLConnection
  ) throws -> Claim {
    var claim = try hold(id, tenant: tenant, in: connection)
    let known = try records.address(of: claim, in: connection)
    if claim.delivery?.courier == courier, known == address { return claim }
    try records.apply(claim.assigning(courier, by: by), to: &claim, now: now, in: connection)
    try records.setAddress(address, of: claim, in: connection)
    return claim
  }

  /// What holds already changes nothing.
  package func decide(
    _ fact: ClaimFact, on id: String, tenant: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Claim {
    var claim = try hold(id, tenant: tenant, in: connection)
    try records.apply(fact, to: &claim, now: now, in: connection)
    return claim
  }

  // MARK: Reading

  package func claim(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> Claim {
    let claim = try records.load(id, tenant: tenant, locking: false, in: connection)
    guard let claim else { throw ClaimRefusal.notFound(id) }
    return claim
  }

  package func claim(
    ofOrder order: String, tenant: String, in connection: any SQLConnection
  ) throws -> Claim {
    let claim = try records.load(
      ofOrder: order, tenant: tenant, locking: false, in: connection)
    guard let claim else { throw ClaimRefusal.noClaim(order: order) }
    return claim
  }

  package func claims(
    tenant: String, status: ClaimStatus? = nil, location: String? = nil, after id: String?,
    limit: Int, in connection: any SQLConnection
  ) throws -> [Claim] {
    try records.store.page(
      where: [
        ("tenant", .text(tenant)), ("status", .optional(status?.rawValue)),
        ("location", .optional(location)),
      ], after: id, limit: limit, in: connection)
  }

  /// Refused where the claim has ended.
  package func code(
    of id: String, tenant: String, in connection: any SQLConnection
  ) throws -> IssuedCode {
    let claim = try claim(id, tenant: tenant, in: connection)
    guard let code = try records.code(of: claim, in: connection) else {
      switch claim.status {
      case .processed: throw ClaimRefusal.processed
      case .canceled: throw ClaimRefusal.canceled
      case .open, .suspended: throw ClaimRefusal.codeLost
      }
    }
    return IssuedCode(claim: id, order: claim.terms.order, code: code)
  }

  /// Who brings it and where to; refused where it is picked up, or was brought.
  package func delivery(
    of id: String, tenant: String, in connection: any SQLConnection
  ) throws -> (delivery: Delivery, address: String) {
    let claim = try claim(id, tenant: tenant, in: connection)
    guard let delivery = claim.delivery,
      let address = try records.address(of: claim, in: connection)
    else { throw ClaimRefusal.noDelivery }
    return (delivery, address)
  }

  // MARK: Rebuilding

  /// Makes the rows of all claims again from their facts; without `writing` only compares them.
  /// Codes aren't in facts: where one was lost, staff renews it.
  package static func rebuild(
    _ database: any Database, writing: Bool
  ) async throws -> RebuildReport {
    let records = ClaimRecords()
    return try await records.store.rebuild(database, writing: writing) { claim, connection in
      if claim.status.hasEnded { try records.forget(claim.id, in: connection) }
    }
  }
}

extension ClaimService: ClaimCodes {
  /// Whether any claim of the tenant's stands in this database.
  package func hasClaims(of tenant: String) async throws -> Bool {
    try await database.read(as: tenant) { connection in
      try connection.queryFirst(
        "SELECT 1 AS one FROM claims WHERE tenant = $1 LIMIT 1", [.text(tenant)]) != nil
    }
  }

  package func code(ofOrder order: String, tenant: String) async throws -> IssuedCode? {
    let records = records
    return try await database.read(as: tenant) { connection in
      let claim = try records.load(
        ofOrder: order, tenant: tenant, locking: false, in: connection)
      return try claim.flatMap { claim in
        try records.code(of: claim, in: connection).map {
          IssuedCode(claim: claim.id, order: order, code: $0)
        }
      }
    }
  }
}
