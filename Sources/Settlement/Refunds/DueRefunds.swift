package import ChainTypes
package import Database
package import Payments

/// The tenant's approved refunds on a chain whose cooldown is over, the oldest first.
package struct DueRefunds: Sendable {
  let tenant: String
  let chain: ChainName
  let now: Timestamp
  /// Those alone that a person chose, by their ids; empty for all.
  let chosen: Set<String>

  package init(tenant: String, chain: ChainName, now: Timestamp, chosen: Set<String> = []) {
    self.tenant = tenant
    self.chain = chain
    self.now = now
    self.chosen = chosen
  }

  /// - Parameters:
  ///   - last: begins behind this one
  ///   - locking: keeps others from them until the transaction ends
  /// - Throws: `PayoutRefusal.notDue` where one that was chosen isn't among them
  package func load(
    after last: String? = nil, limit: Int, locking: Bool, in connection: any SQLConnection
  ) throws -> [Refund] {
    let ids = chosen.sorted()
    let places = ids.indices.map { "$\($0 + 6)" }.joined(separator: ", ")
    let rows = try connection.query(
      """
      SELECT refund_id, terms FROM refunds
      WHERE status = 'approved' AND chain = $1 AND tenant = $2 AND not_before <= $3
        AND refund_id > $5
        \(ids.isEmpty ? "" : "AND refund_id IN (\(places))")
      ORDER BY refund_id LIMIT $4\(locking ? connection.dialect.forUpdate : "")
      """,
      [.text(chain.text), .text(tenant), .time(now), .integer(Int64(limit)), .text(last ?? "")]
        + ids.map { .text($0) })
    let refunds = try rows.map {
      try RefundRecords.replay($0.text("refund_id"), terms: $0.text("terms"), in: connection)
    }
    if let missing = chosen.subtracting(refunds.map(\.terms.id)).min() {
      throw try refusal(of: missing, in: connection)
    }
    return refunds
  }

  private func refusal(
    of id: String, in connection: any SQLConnection
  ) throws -> PayoutRefusal {
    guard let refund = try RefundRecords.load(id, locking: false, in: connection),
      refund.terms.tenant == tenant, refund.terms.chain == chain
    else { return .noRefund(id) }
    return .notDue(id, refund.status)
  }
}
