internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import Digests

/// Deliveries in their table, with a row for each target that says when its queue is to be looked
/// at. Everything is part of the caller's transaction.
///
/// Whoever changes both holds the target's row first.
package enum Deliveries {
  static let idPrefix = "ntf"

  static func order(_ dialect: SQLDialect) -> ReadingOrder {
    ReadingOrder(dialect, table: "deliveries", id: "delivery_id", prefix: idPrefix)
  }

  // MARK: Enqueueing

  /// Puts something into its target's queue, in the transaction that learned of it. Nil where the
  /// target has had the same already, which changes nothing.
  ///
  /// A handler may call it as often as it runs: the id follows from what is enqueued and when, and
  /// nothing here is drawn.
  @discardableResult
  package static func enqueue(
    _ new: NewDelivery, now: Timestamp, in connection: any SQLConnection
  ) throws -> String? {
    try new.validate()
    let (target, dialect) = (new.target, connection.dialect)
    let id = try order(dialect).newID(
      tenant: target.tenant, now: now, random: randomness(of: new), in: connection)
    // Two at once may have the same id, too: then the first of these is the other's delivery.
    let inserted = try connection.execute(
      """
      INSERT INTO deliveries (delivery_id, tenant, channel, target, event_id, event_type,
        event_subject, position, content, status, attempts, earlier_attempts, claimed, next_attempt_at,
        expires_at, created_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', 0, 0, 0, $10, $11, $10)
      ON CONFLICT DO NOTHING
      """,
      [
        .text(id), .text(target.tenant), .text(target.channel.rawValue), .text(target.key),
        .text(new.eventID), .text(new.eventType), .text(new.eventSubject),
        .integer(new.position), .text(new.content), .integer(now.microseconds),
        .integer(now.adding(seconds: DeliverySchedule.lifeSeconds).microseconds),
      ])
    guard inserted == 1 else { return nil }
    try TargetRecords.wake(target, at: now, in: connection)
    return id
  }

  /// What makes two ids of one moment differ: a digest of what tells the deliveries apart.
  private static func randomness(of new: NewDelivery) -> (UInt64, UInt64) {
    let parts = [new.target.tenant, new.target.channel.rawValue, new.target.key, new.eventID]
    var bytes: [UInt8] = []
    for part in parts {
      bytes.append(bigEndian: UInt32(truncatingIfNeeded: part.utf8.count))
      bytes += part.utf8
    }
    let digest = SHA256.hash(bytes)
    return (digest.words.0, digest.words.1)
  }

  // MARK: Reading

  /// Nil where there is no such delivery, or none of the tenant's.
  package static func load(
    _ id: String, tenant: String?, in connection: any SQLConnection
  ) throws -> Delivery? {
    try load(id, tenant: tenant, suffix: "", in: connection)
  }

  static func load(
    _ id: String, tenant: String?, suffix: String, in connection: any SQLConnection
  ) throws -> Delivery? {
    let row = try connection.queryFirst(
      "SELECT \(Delivery.columns) FROM deliveries WHERE delivery_id = $1" + suffix, [.text(id)])
    guard let delivery = try row.map(Delivery.init) else { return nil }
    return tenant == nil || delivery.target.tenant == tenant ? delivery : nil
  }

  /// Deliveries in the order in which they were enqueued: the next `limit` after `id`.
  ///
  /// Throws `DeliveryRefusal.forgotten` where there is no `id` any more: its place is gone with it.
  package static func page(
    tenant: String?, channel: ChannelName? = nil, target: String? = nil,
    status: Delivery.Status? = nil, after id: String?, limit: Int,
    in connection: any SQLConnection
  ) throws -> [Delivery] {
    if let id, try load(id, tenant: tenant, in: connection) == nil {
      throw DeliveryRefusal.forgotten(id)
    }
    return try order(connection.dialect).rows(
      Delivery.columns,
      where: [
        ("tenant", .optional(tenant)), ("channel", .optional(channel?.rawValue)),
        ("target", .optional(target)), ("status", .optional(status?.rawValue)),
      ], after: id, limit: limit, in: connection
    ).map(Delivery.init)
  }

  /// How many are still to arrive on each channel, and since when the oldest.
  package static func waiting(
    in connection: any SQLConnection
  ) throws -> [ChannelName: (count: Int64, oldest: Timestamp)] {
    let rows = try connection.query(
      """
      SELECT channel, COUNT(*) AS n, MIN(created_at) AS oldest FROM deliveries
      WHERE status = 'pending' GROUP BY channel
      """)
    return try rows.reduce(into: [:]) { waiting, row in
      guard let channel = ChannelName(rawValue: try row.text("channel")) else { return }
      waiting[channel] = (
        try row.integer("n"), Timestamp(microseconds: try row.integer("oldest"))
      )
    }
  }

  // MARK: Deciding

  /// Sends a delivery that failed or was canceled on its way again, as if it were new; lets one
  /// that waits be tried at once, whatever its target's pause; leaves one alone that is under way.
  package static func retry(
    _ id: String, tenant: String?, now: Timestamp, in connection: any SQLConnection
  ) throws -> Delivery {
    guard let known = try load(id, tenant: tenant, in: connection) else {
      throw DeliveryRefusal.notFound(id)
    }
    let target = try TargetRecords.hold(known.target, in: connection)
    guard
      let delivery = try load(
        id, tenant: tenant, suffix: connection.dialect.forUpdate, in: connection)
    else { throw DeliveryRefusal.notFound(id) }
    guard delivery.status != .sent else { throw DeliveryRefusal.sent(id) }
    guard !target.isRetired else { throw DeliveryRefusal.retired(id) }
    let expiry = now.adding(seconds: DeliverySchedule.lifeSeconds)
    try connection.execute(
      """
      UPDATE deliveries SET status = 'pending', next_attempt_at = $1, expires_at = $2,
        finished_at = NULL, earlier_attempts = attempts
      WHERE delivery_id = $3 AND claimed = 0
      """,
      [.integer(now.microseconds), .integer(expiry.microseconds), .text(id)])
    var health = target.health
    health.resume(at: now)
    try TargetRecords.save(health, of: known.target, due: now, in: connection)
    return try load(id, tenant: tenant, in: connection) ?? delivery
  }

  /// Lets the target get nothing any more: what waits for it is canceled, by and by. What is under
  /// way ends as it ends.
  package static func retire(
    _ target: DeliveryTarget, now: Timestamp, in connection: any SQLConnection
  ) throws {
    _ = try TargetRecords.hold(target, in: connection)
    try TargetRecords.setRetired(true, target, due: now, in: connection)
  }

  /// Begins afresh with a target that was retired.
  package static func restore(
    _ target: DeliveryTarget, now: Timestamp, in connection: any SQLConnection
  ) throws {
    _ = try TargetRecords.hold(target, in: connection)
    try TargetRecords.setRetired(false, target, due: now, in: connection)
    try TargetRecords.save(TargetHealth(), of: target, due: now, in: connection)
  }

  /// The same with a target whose address was given anew, where something is noted of it.
  ///
  /// - Parameter isElsewhere: whether it is another address, so that what was noted is of no use
  package static func renew(
    _ target: DeliveryTarget, isElsewhere: Bool, now: Timestamp, in connection: any SQLConnection
  ) throws {
    guard let known = try TargetRecords.load(target, suffix: "", in: connection),
      isElsewhere || known.isRetired
    else { return }
    try restore(target, now: now, in: connection)
  }

  /// How a target has been doing.
  package static func health(
    of target: DeliveryTarget, in connection: any SQLConnection
  ) throws -> TargetHealth {
    try TargetRecords.load(target, suffix: "", in: connection)?.health ?? TargetHealth()
  }

  /// Forgets up to `limit` deliveries that ended before `time`, and targets for which nothing is
  /// noted any more; returns how many deliveries.
  @discardableResult
  package static func forget(
    before time: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> Int {
    let count = try connection.execute(
      """
      DELETE FROM deliveries WHERE delivery_id IN (
        SELECT delivery_id FROM deliveries WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)
      """, [.integer(time.microseconds), .integer(Int64(limit))])
    try TargetRecords.forgetIdle(limit: limit, in: connection)
    return count
  }
}
