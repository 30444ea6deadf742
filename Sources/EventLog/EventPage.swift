internal import Bytes
internal import ChainTypes
package import Database

/// An event with its place in the one order of all events.
package struct PositionedEvent: Sendable, Equatable {
  /// From 1, without gaps: the cursor of pages and the id of server-sent events.
  package let position: Int64
  package let event: CloudEvent

  package init(position: Int64, event: CloudEvent) {
    self.position = position
    self.event = event
  }
}

/// Which events a reader wants; what is nil doesn't matter.
package struct EventFilter: Sendable, Hashable {
  package var tenant: String?
  package var subject: String?
  /// At most `maximumTypes`.
  package var types: [String]?

  package static let maximumTypes = 64

  package init(tenant: String? = nil, subject: String? = nil, types: [String]? = nil) {
    self.tenant = tenant
    self.subject = subject
    self.types = types
  }
}

/// A run of events in order.
package struct EventPage: Sendable, Equatable {
  package let events: [PositionedEvent]
  /// Every wanted event up to here has been given: where the next page begins, also when the last
  /// events were not wanted.
  package let through: Int64
  /// Whether the log goes on behind it already.
  package let hasMore: Bool
}

extension EventLog {
  package static let maximumPageSize = 1_000
  /// How many events a page looks through at most: a reader who wants few of many keeps the
  /// database no longer than others.
  package static let maximumPageSpan: Int64 = 20_000

  /// How many bytes of data a page has at most.
  package static let maximumPageBytes = 16 * EventDraft.maximumDataBytes

  /// The wanted events after `position`, up to `limit` (1 to `maximumPageSize`) of them and as many
  /// as `maximumPageBytes` hold. A page may be empty although the log goes on, where it wants none
  /// of many.
  ///
  /// Throws `EventLogError.positionAhead` where the log doesn't reach `position`: the reader has
  /// seen events that this log has lost, as after a restore; and `EventLogError.positionRemoved`
  /// where it has read some and retention has removed the next. Who begins, at 0, gets what there
  /// is.
  package static func page(
    after position: Int64, limit: Int, filter: EventFilter = EventFilter(),
    in connection: any SQLConnection
  ) throws -> EventPage {
    let limit = min(max(1, limit), maximumPageSize)
    let (position, last) = try bounds(after: position, in: connection)
    let end = min(last, position + maximumPageSpan)
    var selection = EventSelection(after: position, through: end, limit: limit)
    if let tenant = filter.tenant { selection.require("tenant", is: tenant) }
    if let subject = filter.subject { selection.require("subject", is: subject) }
    if let types = filter.types {
      guard !types.isEmpty else {
        return EventPage(events: [], through: last, hasMore: false)
      }
      guard types.count <= EventFilter.maximumTypes else {
        throw EventLogError.tooManyTypes(types.count)
      }
      selection.require("type", isOneOf: types)
    }
    let (rows, isCut) = try selection.rows(columns, in: connection)
    let events = try rows.map(positioned)
    let through = isCut ? events.last?.position ?? position : end
    return EventPage(events: events, through: through, hasMore: through < last)
  }

  /// The same of a few subjects, found by them: whatever else the log holds costs nothing.
  ///
  /// - Parameter subjects: at most `maximumSubjects`
  package static func page(
    of subjects: [String], tenant: String, after position: Int64, limit: Int,
    in connection: any SQLConnection
  ) throws -> EventPage {
    let limit = min(max(1, limit), maximumPageSize)
    let (position, last) = try bounds(after: position, in: connection)
    let subjects = subjects.prefix(maximumSubjects)
    guard !subjects.isEmpty else { return EventPage(events: [], through: last, hasMore: false) }
    var selection = EventSelection(after: position, through: last, limit: limit)
    // Engines would rather look through all of the tenant's events, which come in the wanted order,
    // or, as PostgreSQL, through as many as they take a range of positions for. A plus keeps a
    // column from its index; it also keeps PostgreSQL from leaving partitions out.
    let isSQLite = connection.dialect == .sqlite
    selection.positionColumn = isSQLite ? "+position" : "position + 0"
    selection.require("subject", isOneOf: Array(subjects))
    selection.require(isSQLite ? "+tenant" : "tenant", is: tenant)
    let (rows, isCut) = try selection.rows(columns, in: connection)
    let events = try rows.map(positioned)
    return EventPage(
      events: events, through: isCut ? events.last?.position ?? last : last, hasMore: isCut)
  }

  package static let maximumSubjects = 32

  /// Where a page begins, and where the log ends. Asked first: what is sequenced between the two
  /// questions then comes with the next page.
  static func bounds(
    after position: Int64, in connection: any SQLConnection
  ) throws -> (position: Int64, last: Int64) {
    let row = try connection.queryFirst(
      "SELECT last_position, removed_through FROM event_positions WHERE singleton = 1")
    let last = try row?.integer("last_position") ?? 0
    guard position <= last else { throw EventLogError.positionAhead(position, last: last) }
    let removed = try row?.integer("removed_through") ?? 0
    guard position == 0 || position >= removed else {
      throw EventLogError.positionRemoved(position, through: removed)
    }
    return (max(position, removed), last)
  }

  /// Hands the events after one position and through another to `body`, in any order, though it is
  /// nearly always theirs: asked for that, PostgreSQL sorts them on its disk, data and all, as long
  /// as it doesn't know that they come so.
  static func forEachEvent(
    after position: Int64, through last: Int64, in connection: any SQLConnection,
    _ body: (EventRow) throws -> Void
  ) throws {
    try connection.forEachRow(
      of: "SELECT position, \(columns) FROM events WHERE position > $1 AND position <= $2",
      [.integer(position), .integer(last)]
    ) { try body(EventRow($0)) }
  }

  /// The position of the last event that has one; 0 where there is none.
  package static func lastPosition(in connection: any SQLConnection) throws -> Int64 {
    let row = try connection.queryFirst(
      "SELECT last_position FROM event_positions WHERE singleton = 1")
    return try row?.integer("last_position") ?? 0
  }

  /// The events of one aggregate in the order of their sequence, with those that wait for a place.
  package static func events(
    of subject: String, afterSequence sequence: Int64 = 0, limit: Int,
    in connection: any SQLConnection
  ) throws -> [CloudEvent] {
    try connection.query(
      """
      SELECT \(columns) FROM events WHERE subject = $1 AND sequence > $2
      UNION ALL
      SELECT \(columns) FROM outbox WHERE subject = $1 AND sequence > $2
      ORDER BY sequence LIMIT $3
      """,
      [
        .text(subject), .integer(sequence), .integer(Int64(min(max(1, limit), maximumPageSize))),
      ]
    ).map(event)
  }

  private static func positioned(_ row: SQLRow) throws -> PositionedEvent {
    PositionedEvent(position: try row.integer("position"), event: try event(row))
  }

  private static func event(_ row: SQLRow) throws -> CloudEvent {
    let subject = try row.text("subject")
    let sequence = try row.integer("sequence")
    guard let id = Hash32(try row.blob("id")) else {
      throw EventLogError.invalidStoredID(subject: subject, sequence: sequence)
    }
    return CloudEvent(
      id: id, type: try row.text("type"), subject: subject, sequence: sequence,
      tenant: try row.optionalText("tenant"),
      time: Timestamp(microseconds: try row.integer("time")), data: try row.text("data"),
      traceparent: try row.optionalText("traceparent"))
  }
}
