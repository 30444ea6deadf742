internal import JSON

/// What an event is about, for those who wait for such.
package enum EventKey: Hashable, Sendable {
  case tenant(String)
  case type(String, tenant: String)
  /// Also an order's, of an event of its payment.
  case subject(String)

  static func keys(of event: CloudEvent) -> [EventKey] {
    var keys: [EventKey] = [.subject(event.subject)]
    if let tenant = event.tenant {
      keys += [.tenant(tenant), .type(event.type, tenant: tenant)]
    }
    if event.type.hasPrefix("payment."),
      let order = (try? JSONValue(parsing: Array(event.data.utf8)))?["order_id"]?.string
    {
      keys.append(.subject(order))
    }
    return keys
  }
}
