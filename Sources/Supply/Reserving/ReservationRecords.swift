internal import ChainTypes
internal import Database

/// Reservations in their tables.
enum ReservationRecords {
  /// The order's reservation, held until the transaction ends; also where it has none yet, so that
  /// of two first requests one waits for the other.
  static func hold(
    _ order: String, tenant: String, now: Timestamp, in connection: any SQLConnection
  ) throws -> Reservation {
    try connection.execute(
      """
      INSERT INTO reservations (tenant, order_id, status, revision, updated_at)
      VALUES ($1, $2, $3, 0, $4) ON CONFLICT (tenant, order_id) DO NOTHING
      """,
      [
        .text(tenant), .text(order), .text(Reservation.Status.none.rawValue),
        .integer(now.microseconds),
      ])
    return try load(order, tenant: tenant, suffix: connection.dialect.forUpdate, in: connection)
  }

  static func load(
    _ order: String, tenant: String, suffix: String = "", in connection: any SQLConnection
  ) throws -> Reservation {
    let row = try connection.queryFirst(
      """
      SELECT status, revision, expires_at FROM reservations
      WHERE tenant = $1 AND order_id = $2
      """ + suffix, [.text(tenant), .text(order)])
    guard let row else { return Reservation() }
    let lines = try connection.query(
      "SELECT supply_id, quantity FROM reservation_lines WHERE tenant = $1 AND order_id = $2",
      [.text(tenant), .text(order)]
    ).map { (try $0.text("supply_id"), try $0.integer("quantity")) }
    guard let status = Reservation.Status(rawValue: try row.text("status")) else {
      throw DatabaseError.unexpectedValue(
        column: "status", expected: "a reservation's", found: try row.text("status"))
    }
    return Reservation(
      status: status, revision: try row.integer("revision"),
      expiresAt: try row.optionalInteger("expires_at").map { Timestamp(microseconds: $0) },
      lines: Dictionary(lines) { first, _ in first })
  }

  static func save(
    _ reservation: Reservation, insteadOf before: Reservation, order: String, tenant: String,
    now: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      UPDATE reservations SET status = $1, revision = $2, expires_at = $3, updated_at = $4
      WHERE tenant = $5 AND order_id = $6
      """,
      [
        .text(reservation.status.rawValue), .integer(reservation.revision),
        .optional(reservation.expiresAt?.microseconds), .integer(now.microseconds),
        .text(tenant), .text(order),
      ])
    guard reservation.lines != before.lines else { return }
    try connection.execute(
      "DELETE FROM reservation_lines WHERE tenant = $1 AND order_id = $2",
      [.text(tenant), .text(order)])
    for (supply, quantity) in reservation.lines.sorted(by: { $0.key < $1.key }) {
      try connection.execute(
        """
        INSERT INTO reservation_lines (tenant, order_id, supply_id, quantity)
        VALUES ($1, $2, $3, $4)
        """, [.text(tenant), .text(order), .text(supply), .integer(quantity)])
    }
  }

  /// Those that are held beyond their time, at most `limit`.
  static func due(
    at now: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> [(tenant: String, order: String)] {
    try connection.query(
      """
      SELECT tenant, order_id FROM reservations
      WHERE status = 'held' AND expires_at <= $1 ORDER BY expires_at LIMIT $2
      """, [.integer(now.microseconds), .integer(Int64(limit))]
    ).map { (try $0.text("tenant"), try $0.text("order_id")) }
  }
}
