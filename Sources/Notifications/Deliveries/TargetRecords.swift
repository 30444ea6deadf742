internal import ChainTypes
internal import Database

/// Targets in their table.
enum TargetRecords {
  struct Target: Equatable {
    let target: DeliveryTarget
    let health: TargetHealth
    let isRetired: Bool
  }

  private static let columns =
    "tenant, channel, target, failures, failing_since, failed_at, paused_until, retired"
  private static let isTarget = "tenant = $1 AND channel = $2 AND target = $3"

  private static func arguments(_ target: DeliveryTarget) -> [SQLValue] {
    [.text(target.tenant), .text(target.channel.rawValue), .text(target.key)]
  }

  // MARK: Reading

  /// The target's row, held until the transaction ends, also where it has none yet.
  static func hold(
    _ target: DeliveryTarget, in connection: any SQLConnection
  ) throws -> Target {
    let suffix = connection.dialect.forUpdate
    if let held = try load(target, suffix: suffix, in: connection) { return held }
    try connection.execute(
      """
      INSERT INTO delivery_targets (tenant, channel, target, is_failing, failures, paused_until,
        retired)
      VALUES ($1, $2, $3, 0, 0, 0, 0) ON CONFLICT (tenant, channel, target) DO NOTHING
      """, arguments(target))
    return try load(target, suffix: suffix, in: connection)
      ?? Target(target: target, health: TargetHealth(), isRetired: false)
  }

  static func load(
    _ target: DeliveryTarget, suffix: String, in connection: any SQLConnection
  ) throws -> Target? {
    try connection.queryFirst(
      "SELECT \(columns) FROM delivery_targets WHERE \(isTarget)" + suffix, arguments(target)
    ).map(Self.target)
  }

  /// Those whose queues are to be looked at, the longest first, and held; others' are left out.
  static func due(
    _ channel: ChannelName, failing: Bool, at now: Timestamp, limit: Int,
    in connection: any SQLConnection
  ) throws -> [Target] {
    try connection.query(
      """
      SELECT \(columns) FROM delivery_targets
      WHERE channel = $1 AND is_failing = $2 AND due_at <= $3 ORDER BY due_at LIMIT $4
      """ + connection.dialect.forUpdateSkipLocked,
      [
        .text(channel.rawValue), .flag(failing), .integer(now.microseconds),
        .integer(Int64(limit)),
      ]
    ).map(Self.target)
  }

  private static func target(_ row: SQLRow) throws -> Target {
    Target(
      target: DeliveryTarget(
        tenant: try row.text("tenant"), channel: try ChannelName(row),
        key: try row.text("target")),
      health: TargetHealth(
        failures: try row.integer("failures"),
        failingSince: try row.optionalInteger("failing_since").map { Timestamp(microseconds: $0) },
        failedAt: try row.optionalInteger("failed_at").map { Timestamp(microseconds: $0) },
        pausedUntil: Timestamp(microseconds: try row.integer("paused_until"))),
      isRetired: try row.flag("retired"))
  }

  // MARK: Writing

  /// Has the target's queue looked at: at once, or when its pause is over. Where that is to happen
  /// by then anyway nothing is written, so that many deliveries at once cost one change.
  static func wake(
    _ target: DeliveryTarget, at now: Timestamp, in connection: any SQLConnection
  ) throws {
    let wanted = """
      CASE WHEN excluded.due_at < delivery_targets.paused_until
        THEN delivery_targets.paused_until ELSE excluded.due_at END
      """
    try connection.execute(
      """
      INSERT INTO delivery_targets (tenant, channel, target, due_at, is_failing, failures,
        paused_until, retired)
      VALUES ($1, $2, $3, $4, 0, 0, 0, 0)
      ON CONFLICT (tenant, channel, target) DO UPDATE SET due_at = \(wanted)
      WHERE delivery_targets.due_at IS NULL OR delivery_targets.due_at > \(wanted)
      """, arguments(target) + [.integer(now.microseconds)])
  }

  /// - Parameter due: when the queue is to be looked at; nil where nothing waits in it
  static func save(
    _ health: TargetHealth, of target: DeliveryTarget, due: Timestamp?,
    in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      UPDATE delivery_targets SET due_at = $4, is_failing = $5, failures = $6,
        failing_since = $7, paused_until = $8, failed_at = $9 WHERE \(isTarget)
      """,
      arguments(target) + [
        .optional(due?.microseconds), .flag(health.isFailing), .integer(health.failures),
        .optional(health.failingSince?.microseconds), .integer(health.pausedUntil.microseconds),
        .optional(health.failedAt?.microseconds),
      ])
  }

  static func setRetired(
    _ isRetired: Bool, _ target: DeliveryTarget, due: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "UPDATE delivery_targets SET retired = $4, due_at = $5 WHERE \(isTarget)",
      arguments(target) + [.flag(isRetired), .integer(due.microseconds)])
  }

  /// Forgets targets whose rows say what a missing one says, too.
  static func forgetIdle(limit: Int, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      DELETE FROM delivery_targets WHERE due_at IS NULL AND (tenant, channel, target) IN (
        SELECT tenant, channel, target FROM delivery_targets
        WHERE due_at IS NULL AND is_failing = 0 AND retired = 0 LIMIT $1)
      """, [.integer(Int64(limit))])
  }
}
