package import ChainTypes
package import Database
package import Payments

extension RefundRecords {
  /// Those of a tenant on a chain that could be paid by now, and aren't: at most 1,000.
  package static func due(
    tenant: String, on chain: ChainName, now: Timestamp, in connection: any SQLConnection
  ) throws -> [String] {
    try connection.query(
      """
      SELECT refund_id FROM refunds
      WHERE status = 'approved' AND chain = $1 AND tenant = $2 AND not_before <= $3
      ORDER BY refund_id LIMIT 1000
      """, [.text(chain.text), .text(tenant), .time(now)]
    ).map { try $0.text("refund_id") }
  }

  /// How many refunds stand in each status from which they go on by themselves or by someone.
  package static func unfinishedCounts(
    in connection: any SQLConnection
  ) throws -> [RefundStatus: Int64] {
    let unfinished = RefundStatus.allCases.filter { $0.isLive && $0 != .final }
    var counts = Dictionary(uniqueKeysWithValues: unfinished.map { ($0, Int64(0)) })
    let words = unfinished.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    let rows = try connection.query(
      "SELECT status, COUNT(*) AS count FROM refunds WHERE status IN (\(words)) GROUP BY status")
    for row in rows {
      guard let status = RefundStatus(rawValue: try row.text("status")) else {
        throw CorruptRow.column("status")
      }
      counts[status] = try row.integer("count")
    }
    return counts
  }
}
