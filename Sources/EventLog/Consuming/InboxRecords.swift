internal import Bytes
internal import ChainTypes
internal import Database

/// The inbox's rows of one consumer, inside one transaction.
struct InboxRecords {
  let consumer: String
  let connection: any SQLConnection

  private var name: SQLValue { .text(consumer) }

  // MARK: The consumer and its places

  /// How the consumer began; nil where there is no such consumer.
  func start() throws -> ConsumerStart? {
    let row = try connection.queryFirst(
      "SELECT starts FROM inbox_consumers WHERE consumer = $1", [name])
    return try row.map {
      guard let start = ConsumerStart(rawValue: try $0.text("starts")) else {
        throw ConsumerError.corrupt("inbox_consumers.starts")
      }
      return start
    }
  }

  func insert(start: ConsumerStart) throws {
    try connection.execute(
      """
      INSERT INTO inbox_consumers (consumer, starts) VALUES ($1, $2)
      ON CONFLICT (consumer) DO NOTHING
      """, [name, .text(start.rawValue)])
  }

  /// Partitions are as many as the broker has, which operators bound.
  func places() throws -> [EventPartition: Int64] {
    let rows = try connection.query(
      "SELECT source, next FROM inbox_places WHERE consumer = $1", [name])
    var places: [EventPartition: Int64] = [:]
    for row in rows {
      guard let partition = EventPartition(try row.text("source")) else {
        throw ConsumerError.corrupt("inbox_places.source")
      }
      places[partition] = try row.integer("next")
    }
    return places
  }

  /// The offset to read next of a partition, held until the transaction ends.
  func lockPlace(_ partition: EventPartition) throws -> Int64? {
    let row = try connection.queryFirst(
      "SELECT next FROM inbox_places WHERE consumer = $1 AND source = $2"
        + connection.dialect.forUpdate, [name, .text(partition.description)])
    return try row?.integer("next")
  }

  func insertPlace(_ partition: EventPartition, next: Int64) throws {
    try connection.execute(
      """
      INSERT INTO inbox_places (consumer, source, next) VALUES ($1, $2, $3)
      ON CONFLICT (consumer, source) DO NOTHING
      """, [name, .text(partition.description), .integer(next)])
  }

  func setPlace(_ partition: EventPartition, next: Int64) throws {
    try connection.submit(
      "UPDATE inbox_places SET next = $1 WHERE consumer = $2 AND source = $3",
      [.integer(next), name, .text(partition.description)], changing: 1)
  }

  // MARK: Subjects

  /// How many subjects one statement asks for; always as many, so that it is one statement.
  static let subjectsAsked = 64

  /// What is known of `subjects`, their rows held until the transaction ends. Those without a row
  /// are left out.
  func lockSubjects(_ subjects: [String]) throws -> [String: SubjectInbox] {
    var found: [String: SubjectInbox] = [:]
    // In one order, so that two instances don't wait for each other.
    var rest = subjects.sorted()[...]
    let parameters = (2...(Self.subjectsAsked + 1)).map { "$\($0)" }.joined(separator: ", ")
    let sql = """
      SELECT subject, last_sequence, recent_ids, parked FROM inbox_subjects
      WHERE consumer = $1 AND subject IN (\(parameters)) ORDER BY subject
      """ + connection.dialect.forUpdate
    while let last = rest.prefix(Self.subjectsAsked).last {
      let asked = rest.prefix(Self.subjectsAsked)
      rest = rest.dropFirst(asked.count)
      let padding = repeatElement(last, count: Self.subjectsAsked - asked.count)
      let rows = try connection.query(
        sql, [name] + asked.map { .text($0) } + padding.map { .text($0) })
      for row in rows {
        let subject = try row.text("subject")
        found[subject] = SubjectInbox(
          last: try row.optionalInteger("last_sequence"),
          recentIDs: try Self.ids(row.blob("recent_ids")),
          parked: try row.integer("parked") == 0 ? [] : parked(of: subject))
      }
    }
    return found
  }

  func save(_ inbox: SubjectInbox, of subject: String, isNew: Bool) throws {
    let arguments: [SQLValue] = [
      name, .text(subject), .optional(inbox.last), .blob(inbox.recentIDs.flatMap(\.bytes)),
      .integer(Int64(inbox.parked.count)),
    ]
    // Not "insert or update": two that see a subject first must not both succeed.
    try connection.submit(
      isNew
        ? """
        INSERT INTO inbox_subjects (consumer, subject, last_sequence, recent_ids, parked)
        VALUES ($1, $2, $3, $4, $5)
        """
        : """
        UPDATE inbox_subjects SET last_sequence = $3, recent_ids = $4, parked = $5
        WHERE consumer = $1 AND subject = $2
        """, arguments, changing: 1)
  }

  private func parked(of subject: String) throws -> [SubjectInbox.Parked] {
    try connection.query(
      """
      SELECT \(ParkedMessage.headColumns) FROM inbox_parked
      WHERE consumer = $1 AND subject = $2 AND reason <> 'skipped' ORDER BY sequence, source, place
      """, [name, .text(subject)]
    ).map { try ParkedMessage.head($0) }
  }

  private static func ids(_ bytes: [UInt8]) throws -> [Hash32] {
    try stride(from: 0, to: bytes.count, by: 32).map { start in
      guard let id = Hash32(Array(bytes[start..<min(start + 32, bytes.count)])) else {
        throw ConsumerError.corrupt("inbox_subjects.recent_ids")
      }
      return id
    }
  }

  // MARK: What is parked

  func parked(at place: EventPlace, locking: Bool = false) throws -> ParkedMessage? {
    try connection.queryFirst(
      """
      SELECT \(ParkedMessage.columns) FROM inbox_parked
      WHERE consumer = $1 AND source = $2 AND place = $3\(locking ? connection.dialect.forUpdate : "")
      """, [name, .text(place.partition.description), .integer(place.offset)]
    ).map { try ParkedMessage($0) }
  }

  func park(_ message: ParkedMessage) throws {
    let columns = ParkedMessage.columns
    let parameters = (2...14).map { "$\($0)" }.joined(separator: ", ")
    try connection.execute(
      """
      INSERT INTO inbox_parked (consumer, \(columns)) VALUES ($1, \(parameters))
      ON CONFLICT (consumer, source, place) DO UPDATE SET subject = $4, sequence = $5,
        event_id = $6, reason = $7, detail = $8, attempts = $9, due = $10, message = $13
      """, [name] + message.arguments)
  }

  func removeParked(at place: EventPlace) throws {
    try connection.execute(
      "DELETE FROM inbox_parked WHERE consumer = $1 AND source = $2 AND place = $3",
      [name, .text(place.partition.description), .integer(place.offset)])
  }

  func setDue(_ due: Timestamp, at place: EventPlace) throws {
    try connection.execute(
      "UPDATE inbox_parked SET due = $1 WHERE consumer = $2 AND source = $3 AND place = $4",
      [
        .integer(due.microseconds), name, .text(place.partition.description),
        .integer(place.offset),
      ])
  }

  /// The messages to handle at `now`, the longest due first.
  func due(at now: Timestamp, limit: Int) throws -> [EventPlace] {
    try connection.query(
      """
      SELECT source, place FROM inbox_parked WHERE consumer = $1 AND due <= $2
      ORDER BY due, source, place LIMIT $3
      """, [name, .integer(now.microseconds), .integer(Int64(limit))]
    ).map { try ParkedMessage.place($0) }
  }

  /// How much is parked and undecided.
  func parkedTotal() throws -> (messages: Int64, bytes: Int64) {
    let row = try connection.queryFirst(
      """
      SELECT COUNT(*) AS messages, CAST(COALESCE(SUM(length(message)), 0) AS BIGINT) AS bytes
      FROM inbox_parked WHERE consumer = $1 AND reason <> 'skipped'
      """, [name])
    return (try row?.integer("messages") ?? 0, try row?.integer("bytes") ?? 0)
  }
}

extension ParkedMessage {
  fileprivate static let headColumns = "source, place, sequence, event_id, reason"

  fileprivate static func place(_ row: SQLRow) throws -> EventPlace {
    guard let partition = EventPartition(try row.text("source")) else {
      throw ConsumerError.corrupt("inbox_parked.source")
    }
    return EventPlace(partition, try row.integer("place"))
  }

  fileprivate static func head(_ row: SQLRow) throws -> SubjectInbox.Parked {
    guard let reason = ParkReason(rawValue: try row.text("reason")) else {
      throw ConsumerError.corrupt("inbox_parked.reason")
    }
    return SubjectInbox.Parked(
      place: try place(row), sequence: try row.optionalInteger("sequence"),
      id: try row.optionalBlob("event_id").flatMap { Hash32($0) }, reason: reason)
  }
}
