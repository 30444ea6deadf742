internal import Database

/// Stock and reservations as their tables have them.
struct StockRows {
  private(set) var supplies: [String: (onHand: Int64, reserved: Int64)] = [:]
  /// What live reservations hold of each supply,
  private(set) var held: [String: Int64] = [:]
  /// and what was consumed of it and not returned.
  private(set) var used: [String: Int64] = [:]

  init(in connection: any SQLConnection) throws {
    for row in try connection.query("SELECT supply_id, on_hand, reserved FROM supplies") {
      supplies[try row.text("supply_id")] = (
        try row.integer("on_hand"), try row.integer("reserved")
      )
    }
    let sums = try connection.query(
      """
      SELECT supply_id, status, CAST(SUM(quantity) AS \(connection.dialect.integer)) AS quantity
      FROM reservation_lines JOIN reservations
        ON reservations.tenant = reservation_lines.tenant
        AND reservations.order_id = reservation_lines.order_id
      WHERE status IN ('held', 'consumed') GROUP BY supply_id, status
      """)
    for row in sums {
      let (id, quantity) = (try row.text("supply_id"), try row.integer("quantity"))
      if try row.text("status") == "held" { held[id] = quantity } else { used[id] = quantity }
    }
  }
}
