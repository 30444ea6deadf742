internal import Aggregates
package import ChainTypes
package import Database

/// Claims in their tables; their codes and addresses beside them, as long as they are good for
/// something.
package struct ClaimRecords: Sendable {
  let store = RecordStore<Claim>()

  package init() {}

  package func issue(
    _ terms: ClaimTerms, _ code: ClaimCode, sequence: Int64, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Claim {
    let fact = ClaimFact.issued(terms, code: code.digest(of: terms.id), sequence: sequence)
    let claim = try store.found(fact, now: now, in: connection)
    try keep(code, of: claim, in: connection)
    return claim
  }

  /// Nil where there is no such claim, or none of the tenant's.
  package func load(
    _ id: String, tenant: String?, locking: Bool = true, in connection: any SQLConnection
  ) throws -> Claim? {
    try store.load(id, tenant: tenant, locking: locking, in: connection)
  }

  package func load(
    ofOrder order: String, tenant: String, locking: Bool = true,
    in connection: any SQLConnection
  ) throws -> Claim? {
    let row = try connection.queryFirst(
      "SELECT claim_id FROM claims WHERE tenant = $1 AND order_id = $2",
      [.text(tenant), .text(order)])
    return try row.flatMap {
      try load($0.text("claim_id"), tenant: tenant, locking: locking, in: connection)
    }
  }

  /// False where the fact changes nothing. What only an unfinished claim needs goes with its end.
  @discardableResult
  package func apply(
    _ fact: ClaimFact, to claim: inout Claim, now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    let hasChanged = try store.apply(fact, to: &claim, now: now, in: connection)
    if case .orderForgotten = fact { try store.forgetWords(of: claim.id, in: connection) }
    guard hasChanged else { return false }
    if claim.status.hasEnded { try forget(claim.id, in: connection) }
    if case .deliveryWithdrawn = fact { try forgetAddress(of: claim.id, in: connection) }
    return true
  }

  // MARK: Counting

  /// How many claims stand in each status in which an order waits, and since when the open one that
  /// waits the longest hasn't changed.
  package static func unfinished(
    in connection: any SQLConnection
  ) throws -> (counts: [ClaimStatus: Int64], idleSince: Timestamp?) {
    let waiting = ClaimStatus.allCases.filter { !$0.hasEnded }
    var counts = Dictionary(uniqueKeysWithValues: waiting.map { ($0, Int64(0)) })
    var idleSince: Timestamp?
    let rows = try connection.query(
      """
      SELECT status, COUNT(*) AS n, MIN(updated_at) AS oldest FROM claims
      WHERE status NOT IN ('processed', 'canceled') GROUP BY status
      """)
    for row in rows {
      guard let status = ClaimStatus(rawValue: try row.text("status")) else { continue }
      counts[status] = try row.integer("n")
      if status == .open { idleSince = Timestamp(microseconds: try row.integer("oldest")) }
    }
    return (counts, idleSince)
  }

  // MARK: Codes

  func keep(_ code: ClaimCode, of claim: Claim, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO claim_codes (claim_id, tenant, code) VALUES ($1, $2, $3)
      ON CONFLICT (claim_id) DO UPDATE SET code = excluded.code
      """, [.text(claim.id), .text(claim.tenant), .text(code.text)])
  }

  /// Nil where the claim has ended.
  func code(of claim: Claim, in connection: any SQLConnection) throws -> ClaimCode? {
    let row = try connection.queryFirst(
      "SELECT code FROM claim_codes WHERE claim_id = $1 AND tenant = $2",
      [.text(claim.id), .text(claim.tenant)])
    return try row.flatMap { ClaimCode(try $0.text("code")) }
  }

  /// Of a claim that has ended.
  func forget(_ id: String, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM claim_codes WHERE claim_id = $1", [.text(id)])
    try forgetAddress(of: id, in: connection)
  }

  // MARK: Addresses

  func setAddress(
    _ address: String, of claim: Claim, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO claim_addresses (claim_id, tenant, address) VALUES ($1, $2, $3)
      ON CONFLICT (claim_id) DO UPDATE SET address = excluded.address
      """, [.text(claim.id), .text(claim.tenant), .text(address)])
  }

  func address(of claim: Claim, in connection: any SQLConnection) throws -> String? {
    try connection.queryFirst(
      "SELECT address FROM claim_addresses WHERE claim_id = $1 AND tenant = $2",
      [.text(claim.id), .text(claim.tenant)]
    )?.text("address")
  }

  private func forgetAddress(of id: String, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM claim_addresses WHERE claim_id = $1", [.text(id)])
  }
}
