internal import Bytes
internal import ChainTypes
internal import Database
internal import Digests
internal import EventLog

/// The queues as the worker works them off: what is begun is claimed before, and noted behind.
///
/// A claim holds for `claimSeconds`, which is longer than an attempt may take. Until then nobody
/// else begins the same delivery, also where the lease changes hands; after that whoever began it
/// has died, and it is begun again. A note counts only for the attempt that it is of.
enum DeliveryQueue {
  static let claimSeconds: Int64 = 90
  /// How many of a retired target's deliveries are canceled at a time.
  private static let cancelLimit = 500

  /// How much may be begun on a channel.
  struct Room: Equatable {
    /// How many attempts, and how many of them to targets that have been failing.
    var attempts: Int
    var failingAttempts: Int
    /// How many to one target at once; to one that has been failing, one.
    var perTarget: Int
  }

  /// What the caller begins.
  struct Claim: Equatable {
    let delivery: Delivery
    /// Whether its target has been failing.
    let isFailing: Bool
  }

  // MARK: Claiming

  /// Whether the queue of any target is to be looked at.
  static func isAnythingDue(
    on channels: [ChannelName], at now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    try channels.contains { channel in
      try [false, true].contains { failing in
        try connection.queryFirst(
          """
          SELECT 1 AS one FROM delivery_targets
          WHERE channel = $1 AND is_failing = $2 AND due_at <= $3 LIMIT 1
          """, [.text(channel.rawValue), .flag(failing), .integer(now.microseconds)]) != nil
      }
    }
  }

  /// Claims what is due, of as many targets as there is room for; the caller begins it.
  ///
  /// - Parameter total: how much may be begun on all channels together
  static func claim(
    _ rooms: [ChannelName: Room], atMost total: Int, at now: Timestamp,
    in connection: any SQLConnection
  ) throws -> [Claim] {
    var (rooms, total) = (rooms, total)
    var claimed: [Claim] = []
    // The healthy ones first: those that fail take only what room is theirs.
    for failing in [false, true] {
      for channel in rooms.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
        guard var room = rooms[channel] else { continue }
        let limit = min(
          total, room.attempts, failing ? room.failingAttempts : room.attempts)
        guard limit > 0 else { continue }
        var left = limit
        let targets = try TargetRecords.due(
          channel, failing: failing, at: now, limit: limit, in: connection)
        // Those for which there is no room keep their place.
        for target in targets where left > 0 {
          let deliveries = try claim(
            target, at: now, slots: failing ? 1 : room.perTarget, limit: left, in: connection)
          claimed += deliveries.map { Claim(delivery: $0, isFailing: failing) }
          left -= deliveries.count
        }
        total -= limit - left
        room.attempts -= limit - left
        if failing { room.failingAttempts -= limit - left }
        rooms[channel] = room
      }
    }
    return claimed
  }

  private static func claim(
    _ target: TargetRecords.Target, at now: Timestamp, slots: Int, limit: Int,
    in connection: any SQLConnection
  ) throws -> [Delivery] {
    guard !target.isRetired else {
      try cancel(target.target, at: now, in: connection)
      try schedule(target, at: now, hasRoom: true, in: connection)
      return []
    }
    let underWay = try underWay(target.target, at: now, in: connection)
    let free = min(limit, max(0, slots - underWay))
    let due = free > 0 ? try self.due(target.target, at: now, limit: free, in: connection) : []
    let until = now.adding(seconds: claimSeconds)
    let claimed = try due.compactMap { id in
      try connection.queryFirst(
        """
        UPDATE deliveries SET claimed = 1, attempts = attempts + 1, attempted_at = $1,
          next_attempt_at = $2 WHERE delivery_id = $3
        RETURNING \(Delivery.columns)
        """, [.integer(now.microseconds), .integer(until.microseconds), .text(id)]
      ).map(Delivery.init)
    }
    try schedule(target, at: now, hasRoom: due.count < free, in: connection)
    return claimed
  }

  private static let isTargets = "tenant = $1 AND channel = $2 AND target = $3"

  private static func arguments(_ target: DeliveryTarget, _ more: SQLValue...) -> [SQLValue] {
    [.text(target.tenant), .text(target.channel.rawValue), .text(target.key)] + more
  }

  private static func underWay(
    _ target: DeliveryTarget, at now: Timestamp, in connection: any SQLConnection
  ) throws -> Int {
    let row = try connection.queryFirst(
      """
      SELECT COUNT(*) AS n FROM deliveries
      WHERE \(isTargets) AND claimed = 1 AND next_attempt_at > $4
      """, arguments(target, .integer(now.microseconds)))
    return Int(try row?.integer("n") ?? 0)
  }

  private static func due(
    _ target: DeliveryTarget, at now: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> [String] {
    try connection.query(
      """
      SELECT delivery_id FROM deliveries
      WHERE \(isTargets) AND status = 'pending' AND next_attempt_at <= $4
      ORDER BY next_attempt_at, position LIMIT $5
      """,
      arguments(target, .integer(now.microseconds), .integer(Int64(limit)))
    ).map { try $0.text("delivery_id") }
  }

  /// Sees to it that the queue is looked at again when there is something to do in it. What is due
  /// already goes behind other targets.
  ///
  /// - Parameter hasRoom: whether another delivery could begin now; where none can, whoever ends
  ///   one says so, or its claim runs out
  private static func schedule(
    _ target: TargetRecords.Target, health: TargetHealth? = nil, at now: Timestamp, hasRoom: Bool,
    in connection: any SQLConnection
  ) throws {
    let row = try connection.queryFirst(
      """
      SELECT MIN(next_attempt_at) AS due FROM deliveries
      WHERE \(isTargets) AND status = 'pending'\(hasRoom ? "" : " AND claimed = 1")
      """, arguments(target.target))
    let health = health ?? target.health
    let earliest = target.isRetired ? now : max(now, health.pausedUntil)
    let due = try row?.optionalInteger("due").map { max(Timestamp(microseconds: $0), earliest) }
    try TargetRecords.save(health, of: target.target, due: due, in: connection)
  }

  /// Cancels what waits for a target, some of it at a time.
  private static func cancel(
    _ target: DeliveryTarget, at now: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      UPDATE deliveries SET status = 'canceled', claimed = 0, next_attempt_at = NULL,
        finished_at = $4
      WHERE delivery_id IN (
        SELECT delivery_id FROM deliveries
        WHERE \(isTargets) AND status = 'pending' AND (claimed = 0 OR next_attempt_at <= $4)
        LIMIT $5)
      """,
      arguments(target, .integer(now.microseconds), .integer(Int64(cancelLimit))))
  }

  // MARK: Noting

  /// Notes how the attempt ended and what follows, and tells what has come to an end. Nil where
  /// the attempt counts no more, as when its claim has run out: nothing changes then.
  ///
  /// - Parameter channel: what sends on the delivery's channel
  @discardableResult
  static func note(
    _ outcome: DeliveryOutcome, of attempt: Delivery, through channel: some DeliveryChannel,
    at now: Timestamp, random: UInt64, in connection: any SQLConnection
  ) throws -> Delivery? {
    let target = try TargetRecords.hold(attempt.target, in: connection)
    var (status, next) = (Delivery.Status.pending, Timestamp?.none)
    var health = target.health
    switch outcome {
    case .sent:
      status = .sent
      health.succeed()
    case .retry(_, let patience):
      next = DeliverySchedule.next(
        after: attempt.attempts - attempt.earlierAttempts, at: now, expiring: attempt.expiresAt,
        patienceSeconds: patience,
        random: random)
      if next == nil { status = .failed }
      health.fail(at: now, patienceSeconds: patience)
    case .postponed(_, let patience, _):
      next = DeliverySchedule.next(
        after: attempt.attempts - attempt.earlierAttempts, at: now, expiring: attempt.expiresAt,
        patienceSeconds: patience, random: random)
      if next == nil { status = .failed }
    case .failed, .gone:
      status = .failed
      health.fail(at: now)
    case .canceled: status = .canceled
    }
    let note = outcome.note
    let noted = try connection.queryFirst(
      """
      UPDATE deliveries SET status = $1, claimed = 0, next_attempt_at = $2, finished_at = $3,
        content = CASE WHEN $1 = 'sent' THEN '' ELSE content END, code = $4, detail = $5,
        answer = $6
      WHERE delivery_id = $7 AND status = 'pending' AND claimed = 1 AND attempts = $8
      RETURNING \(Delivery.columns)
      """,
      [
        .text(status.rawValue), .optional(next?.microseconds),
        .optional(next == nil ? now.microseconds : nil), .optional(note.code.map { Int64($0) }),
        .text(note.detail), .optional(note.answer), .text(attempt.id),
        .integer(attempt.attempts),
      ])
    guard let delivery = try noted.map(Delivery.init) else { return nil }
    try RecordedAttempt.add(outcome, of: attempt, endedAt: now, in: connection)
    try retire(target, outcome, health, through: channel, at: now, in: connection)
    if status == .sent || status == .failed { try tell(delivery, now: now, in: connection) }
    return delivery
  }

  /// Goes on with the target, or gives it up.
  private static func retire(
    _ target: TargetRecords.Target, _ outcome: DeliveryOutcome, _ health: TargetHealth,
    through channel: some DeliveryChannel, at now: Timestamp, in connection: any SQLConnection
  ) throws {
    let reason: RetirementReason? =
      switch outcome {
      case .gone: .gone
      case .retry, .failed: health.isGivenUp(at: now) ? .failing : nil
      case .sent, .postponed, .canceled: nil
      }
    try schedule(target, health: health, at: now, hasRoom: true, in: connection)
    guard let reason, !target.isRetired else { return }
    try Deliveries.retire(target.target, now: now, in: connection)
    try channel.retire(target.target, because: reason, now: now, in: connection)
  }

  private static func tell(
    _ delivery: Delivery, now: Timestamp, in connection: any SQLConnection
  ) throws {
    let status = delivery.status.rawValue
    let cause = SHA256.hash(Array("\(delivery.id)\n\(delivery.attempts)\n\(status)".utf8))
    try EventLog.append(
      [
        EventDraft(
          type: "notification.\(status)", subject: delivery.id, tenant: delivery.target.tenant,
          cause: cause, time: now, data: delivery.document(isEvent: true))
      ], in: connection)
  }
}
