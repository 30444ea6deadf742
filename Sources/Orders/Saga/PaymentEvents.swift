internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
package import EventLog
internal import JSON
internal import Payments

/// What orders make of payments' and refunds' events, inside the transaction that notes the event
/// as handled.
///
/// The payment's own sequence orders what is told: what comes again or late changes nothing. The
/// first event of a payment may come before the answer to the request that made it, and says as
/// much.
package struct PaymentEvents: Sendable {
  /// The name under which the consumer's inbox knows it.
  package static let consumer = "orders"
  package static let interest = EventInterest(
    types: Set(PaymentEvent.Kind.allCases.map(\.type) + RefundStatus.allCases.map(\.eventType)))

  let now: @Sendable () -> Timestamp
  let records = OrderRecords()

  package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

  package func handle(_ received: ReceivedEvent, in connection: any SQLConnection) throws {
    let event = received.event
    if event.type.hasPrefix("refund.") { return try handle(refund: event, in: connection) }
    guard let data = try? JSONValue(parsing: Array(event.data.utf8)),
      let orderID = data["order_id"]?.string, let status = data["status"]?.string,
      let level = PaymentLevel(paymentStatus: status),
      let received = Self.minor(data["received_minor"])
    else { throw EventRefusal("no payment's data") }
    // Shops have orders of their own, and ids for them.
    guard let tenant = event.tenant, Identifier(orderID, prefix: Order.names.prefix) != nil,
      var order = try records.load(orderID, tenant: tenant, in: connection)
    else { return }
    let now = now()
    let tolerance = Self.minor(data["tolerance_minor"]) ?? .zero
    let due = Self.minor(data["due_minor"])?.subtractingOrZero(tolerance)
    if order.payment == nil, let choice = order.choice,
      let requested = Self.requested(event.subject, data, on: choice)
    {
      try records.apply(.paymentRequested(requested), to: &order, now: now, in: connection)
    }
    try records.apply(
      .paymentTold(
        id: event.subject, sequence: event.sequence, level: level, received: received, due: due),
      to: &order, now: now, in: connection)
  }

  /// What goes back of a payment that is an order's, or may turn out to be.
  private func handle(refund event: CloudEvent, in connection: any SQLConnection) throws {
    guard let data = try? JSONValue(parsing: Array(event.data.utf8)),
      let payment = data["payment_id"]?.string,
      let amount = Self.minor(data["amount_minor"])
    else { throw EventRefusal("no refund's data") }
    guard let tenant = event.tenant,
      var order = try records.load(ofPayment: payment, tenant: tenant, in: connection)
        ?? waiting(data["order_id"]?.string, tenant: tenant, in: connection)
    else { return }
    try records.apply(
      .refundMoved(
        id: event.subject, sequence: event.sequence, amount: amount,
        to: RefundLevel(refundEvent: event.type), payment: payment),
      to: &order, now: now(), in: connection)
  }

  /// The order where it doesn't know its payment yet: over brokers, refunds' events may be faster
  /// than their payment's.
  private func waiting(
    _ id: String?, tenant: String, in connection: any SQLConnection
  ) throws -> Order? {
    guard let id, Identifier(id, prefix: Order.names.prefix) != nil else { return nil }
    let order = try records.load(id, tenant: tenant, in: connection)
    return order?.payment == nil ? order : nil
  }

  private static func minor(_ value: JSONValue?) -> UInt256? {
    value?.string.flatMap { try? UInt256(decimal: $0) }
  }

  /// The payment as an answer would name it; nil where it is on other terms.
  private static func requested(
    _ id: String, _ data: JSONValue, on choice: PaymentChoice
  ) -> RequestedPayment? {
    guard data["chain"]?.string == choice.chain.text,
      data["asset"]?.string == choice.asset.symbol,
      data["amount_minor"]?.string == choice.amount.decimal,
      let address = data["address"]?.string, let uri = data["uri"]?.string,
      let expiresAt = data["expires_at"]?.string.flatMap({ Timestamp(rfc3339: $0) })
    else { return nil }
    return RequestedPayment(id: id, address: address, uri: uri, expiresAt: expiresAt)
  }
}

extension PaymentLevel {
  /// Of a payment's status as events have it.
  init?(paymentStatus text: String) {
    guard let status = PaymentStatus(rawValue: text) else { return nil }
    self =
      switch status {
      case .open: .open
      case .partiallyPaid: .partiallyPaid
      case .processing: .processing
      case .paid, .settled: .paid
      case .expired: .expired
      case .canceled: .canceled
      case .resolved: .resolved
      }
  }
}

extension RefundLevel {
  /// Of a refund's event.
  init(refundEvent type: String) {
    let status = RefundStatus.allCases.first { $0.eventType == type }
    self = status == .final ? .final : status?.isLive == true ? .going : .ended
  }
}
