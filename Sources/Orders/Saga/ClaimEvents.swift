package import ChainTypes
package import Database
package import EventLog
internal import JSON

/// What orders make of claims' events, inside the transaction that notes the event as handled: that
/// an order was handed over to who showed its code.
package struct ClaimEvents: Sendable {
  /// The name under which the consumer's inbox knows it.
  package static let consumer = "orders-claims"
  package static let interest = EventInterest(types: ["claim.processed"])

  let now: @Sendable () -> Timestamp
  let records = OrderRecords()

  package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

  package func handle(_ received: ReceivedEvent, in connection: any SQLConnection) throws {
    let event = received.event
    guard let tenant = event.tenant, let data = try? JSONValue(parsing: Array(event.data.utf8)),
      let orderID = data["order_id"]?.string, let by = data["processed_by"]?.string
    else { throw EventRefusal("no claim's data") }
    guard var order = try records.load(orderID, tenant: tenant, in: connection) else { return }
    try records.apply(
      .claimed(claim: event.subject, by: by), to: &order, now: now(), in: connection)
  }
}
