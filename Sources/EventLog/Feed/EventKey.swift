internal import Database
internal import JSON

/// What an event is about, for those who wait for such.
package enum EventKey: Hashable, Sendable {
  case tenant(String)
  case type(String, tenant: String)
  /// Also an order's, of an event of its payment.
  case subject(String)

  /// - Parameter data: of a payment's event
  fileprivate static func keys(
    type: String, subject: String, tenant: String?, data: String?
  ) -> [EventKey] {
    var keys: [EventKey] = [.subject(subject)]
    if let tenant { keys += [.tenant(tenant), .type(type, tenant: tenant)] }
    if let data, let order = (try? JSONValue(parsing: Array(data.utf8)))?["order_id"]?.string {
      keys.append(.subject(order))
    }
    return keys
  }
}

/// What a run of events is about.
struct EventKeyPage: Sendable {
  let events: [(position: Int64, keys: [EventKey])]
  /// Every event up to here is in the page or before it.
  let through: Int64
}

extension EventLog {
  /// As a page of events, of which nothing is read but what they are about.
  static func keys(
    after position: Int64, limit: Int, in connection: any SQLConnection
  ) throws -> EventKeyPage {
    let (position, last) = try bounds(after: position, in: connection)
    var selection = EventSelection(after: position, through: last, limit: limit)
    selection.data = "CASE WHEN type LIKE 'payment.%' THEN data END"
    let (rows, isCut) = try selection.rows(
      "type, subject, tenant, \(selection.data) AS data", in: connection)
    let events = try rows.map { row in
      (
        position: try row.integer("position"),
        keys: EventKey.keys(
          type: try row.text("type"), subject: try row.text("subject"),
          tenant: try row.optionalText("tenant"), data: try row.optionalText("data"))
      )
    }
    return EventKeyPage(events: events, through: isCut ? events.last?.position ?? last : last)
  }
}
