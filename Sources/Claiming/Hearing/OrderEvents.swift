internal import Aggregates
package import ChainTypes
package import Database
package import EventLog
internal import JSON

/// What claiming makes of orders' events, inside the transaction that notes the event as handled: a
/// process that dies before its commit has issued nothing, and one that dies behind it has issued
/// the one claim that the order gets.
///
/// The order's own sequence orders what is told: what comes again or late changes nothing.
package struct OrderEvents: Sendable {
  /// The name under which the consumer's inbox knows it.
  package static let consumer = "claiming"
  /// That an order is held, or ready again, is told as `order.updated`.
  package static let interest = EventInterest(
    types: ["order.ready", "order.updated", "order.completed", "order.canceled", "order.deleted"])

  /// Where new claims are at home.
  let region: String
  let now: @Sendable () -> Timestamp
  /// The shell's generator, for ids and codes: 128 bits each time.
  let random: @Sendable () -> (UInt64, UInt64)
  let records = ClaimRecords()

  package init(
    region: String, now: @escaping @Sendable () -> Timestamp,
    random: @escaping @Sendable () -> (UInt64, UInt64)
  ) {
    self.region = region
    self.now = now
    self.random = random
  }

  package func handle(_ received: ReceivedEvent, in connection: any SQLConnection) throws {
    let event = received.event
    guard let tenant = event.tenant, let data = try? JSONValue(parsing: Array(event.data.utf8)),
      let status = data["status"]?.string, let location = data["location"]?.string
    else { throw EventRefusal("no order's data") }
    // Of those that are being made there is nothing to claim.
    guard let order = ClaimedOrder(rawValue: status) else { return }
    let now = now()
    if var claim = try records.load(ofOrder: event.subject, tenant: tenant, in: connection) {
      // Another region's claims are decided there.
      guard claim.terms.region == region else { return }
      try records.apply(
        .orderMoved(sequence: event.sequence, to: order), to: &claim, now: now, in: connection)
      guard event.type == "order.deleted" else { return }
      try records.apply(.orderForgotten, to: &claim, now: now, in: connection)
    } else if order == .ready {
      let id = try records.store.order(connection.dialect).newID(
        tenant: tenant, now: now, random: random(), in: connection)
      let terms = ClaimTerms(
        id: id, tenant: tenant, order: event.subject, customer: data["customer"]?.string,
        location: location, region: region)
      _ = try records.issue(
        terms, ClaimCode(random: random()), sequence: event.sequence, now: now, in: connection)
    }
  }
}
