internal import Bytes
package import ChainTypes
package import Database

/// A consumer as an operator sees it.
package struct ConsumerState: Sendable, Equatable {
  package let name: String
  package let start: ConsumerStart
  /// The offset to read next of each partition.
  package let places: [EventPartition: Int64]
  /// How many messages are parked and undecided.
  package let parked: Int64
}

// What operators look at, and what they decide. The running consumer acts on it at its next step.
extension Inbox {
  package static let maximumPageSize = 1_000

  /// All consumers by name; a program has a handful.
  package static func consumers(in connection: any SQLConnection) throws -> [ConsumerState] {
    let rows = try connection.query("SELECT consumer FROM inbox_consumers ORDER BY consumer")
    return try rows.compactMap { row in
      let records = InboxRecords(consumer: try row.text("consumer"), connection: connection)
      guard let start = try records.start() else { return nil }
      return ConsumerState(
        name: records.consumer, start: start, places: try records.places(),
        parked: try records.parkedTotal().messages)
    }
  }

  /// What a consumer has parked, in the order of subjects and their sequences, up to `limit`; what
  /// was skipped only where it is asked for. The messages themselves are left out.
  package static func parked(
    by consumer: String, subject: String? = nil, reasons: Set<ParkReason>? = nil, limit: Int,
    in connection: any SQLConnection
  ) throws -> [ParkedMessage] {
    let reasons = (reasons ?? Set(ParkReason.allCases).subtracting([.skipped])).sorted {
      $0.rawValue < $1.rawValue
    }
    guard !reasons.isEmpty else { return [] }
    var arguments: [SQLValue] = [
      .text(consumer), .integer(Int64(min(max(1, limit), maximumPageSize))),
    ]
    let list = reasons.map { reason in
      arguments.append(.text(reason.rawValue))
      return "$\(arguments.count)"
    }
    var condition = ""
    if let subject {
      arguments.append(.text(subject))
      condition = " AND subject = $\(arguments.count)"
    }
    let empty = connection.dialect == .sqlite ? "x''" : "''::BYTEA"
    return try connection.query(
      """
      SELECT source, place, subject, sequence, event_id, reason, detail, attempts, due, parked_at,
        traceparent, \(empty) AS message, message_bytes
      FROM inbox_parked
      WHERE consumer = $1 AND reason IN (\(list.joined(separator: ", ")))\(condition)
      ORDER BY COALESCE(subject, ''), COALESCE(sequence, 0), source, place LIMIT $2
      """, arguments
    ).map { try ParkedMessage($0) }
  }

  /// One parked message with its bytes; nil where nothing is parked there.
  package static func parkedMessage(
    by consumer: String, at place: EventPlace, in connection: any SQLConnection
  ) throws -> ParkedMessage? {
    try InboxRecords(consumer: consumer, connection: connection).parked(at: place)
  }

  /// Has the message handled again, with all its attempts before it.
  package static func retry(
    _ place: EventPlace, by consumer: String, now: Timestamp, in connection: any SQLConnection
  ) throws {
    let records = try known(consumer, in: connection)
    let (message, _) = try lock(place, records)
    guard !message.isCut else { throw ConsumerError.messageCut(place) }
    try connection.execute(
      """
      UPDATE inbox_parked SET due = $1, attempts = 0
      WHERE consumer = $2 AND source = $3 AND place = $4
      """,
      [
        .integer(now.microseconds), .text(consumer), .text(place.partition.description),
        .integer(place.offset),
      ])
  }

  /// Passes over the message for good; what waits behind it goes on.
  ///
  /// - Parameter name: who decides; it stays with the message
  package static func skip(
    _ place: EventPlace, by consumer: String, decidedBy name: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    let records = try known(consumer, in: connection)
    let (message, locked) = try lock(place, records)
    if let subject = message.subject, var inbox = locked {
      inbox.remove(place)
      if let sequence = message.sequence, let id = message.id, message.reason != .fork {
        let start = try records.start() ?? .beginning
        switch inbox.decide(sequence: sequence, id: id, start: start) {
        case .handle: inbox.advance(to: sequence, id: id)
        case .duplicate: break
        case .gap(let expected): throw ConsumerError.notNext(place, expected: expected)
        case .behind, .fork:
          throw ConsumerError.notNext(place, expected: inbox.last.map { $0 + 1 })
        }
      }
      try save(inbox, of: subject, records, now: now)
    }
    try connection.execute(
      """
      UPDATE inbox_parked SET reason = 'skipped', due = NULL, message = $1, detail = $2
      WHERE consumer = $3 AND source = $4 AND place = $5
      """,
      [
        .blob([]), .text("skipped by \(name.prefix(100)): \(message.reason.rawValue)"),
        .text(consumer), .text(place.partition.description), .integer(place.offset),
      ])
  }

  /// Goes on with the first event of the subject that waits, without those missing before it.
  ///
  /// - Returns: the numbers given up
  @discardableResult
  package static func acceptGap(
    of subject: String, by consumer: String, now: Timestamp, in connection: any SQLConnection
  ) throws -> ClosedRange<Int64> {
    let records = try known(consumer, in: connection)
    guard var inbox = try records.lockSubjects([subject])[subject], !inbox.isBlocked,
      let missing = inbox.acceptGap(start: try records.start() ?? .beginning)
    else { throw ConsumerError.noGap(subject: subject) }
    try save(inbox, of: subject, records, now: now)
    return missing
  }

  /// Has the consumer read again from `places`, or from the beginning of every partition. What it
  /// has handled it passes over, so this repeats nothing and catches up on what it never saw.
  package static func replay(
    _ consumer: String, from places: [EventPartition: Int64]?, in connection: any SQLConnection
  ) throws {
    let records = try known(consumer, in: connection)
    let from = try places ?? records.places().mapValues { _ in 0 }
    for (partition, next) in from.sorted(by: { $0.key < $1.key }) {
      try records.insertPlace(partition, next: next)
      guard try records.lockPlace(partition) != nil else { continue }
      try records.setPlace(partition, next: next)
    }
  }

  /// Forgets everything of the consumer, which then begins anew. Whoever rebuilds a service empties
  /// its tables in the same transaction, and stops the consumer first.
  package static func clear(_ consumer: String, in connection: any SQLConnection) throws {
    for table in ["inbox_places", "inbox_subjects", "inbox_parked", "inbox_consumers"] {
      try connection.execute("DELETE FROM \(table) WHERE consumer = $1", [.text(consumer)])
    }
  }

  private static func known(
    _ consumer: String, in connection: any SQLConnection
  ) throws -> InboxRecords {
    let records = InboxRecords(consumer: consumer, connection: connection)
    guard try records.start() != nil else { throw ConsumerError.unknownConsumer(consumer) }
    return records
  }

  /// An undecided message and its subject, held until the transaction ends. The message first, as
  /// the running consumer takes them.
  private static func lock(
    _ place: EventPlace, _ records: InboxRecords
  ) throws -> (ParkedMessage, SubjectInbox?) {
    guard let message = try records.parked(at: place, locking: true), message.reason != .skipped
    else { throw ConsumerError.notParked(place) }
    return (message, try message.subject.flatMap { try records.lockSubjects([$0])[$0] })
  }

  private static func save(
    _ inbox: SubjectInbox, of subject: String, _ records: InboxRecords, now: Timestamp
  ) throws {
    try records.save(inbox, of: subject, isNew: false)
    if let ready = inbox.ready(start: try records.start() ?? .beginning) {
      try records.setDue(now, at: ready.place)
    }
  }
}
