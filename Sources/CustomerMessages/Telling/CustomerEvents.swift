internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
package import EventLog
internal import JSON
internal import Messages
internal import Notifications
internal import Orders
internal import Payments
package import Settlement

/// What customers are told of events of orders, of their payments and of refunds: enqueued inside
/// the transaction that notes the event as handled, once for each event and channel.
package struct CustomerEvents: Sendable {
  /// The name under which the consumer's inbox knows it.
  package static let consumer = "messages"
  package static let interest = EventInterest(
    types: Notice.eventTypes.union(["order.created", "order.deleted"]))
  package static let topics: Set<EventTopic> = [.payment, .order]

  /// Older news would surprise more than help, as after a long standstill.
  package static let maximumAgeSeconds: Int64 = 86_400

  let payments: PaymentService
  /// Those on which something can be sent here.
  let channels: Set<CustomerChannel>
  let now: @Sendable () -> Timestamp
  private let orders = OrderRecords()

  package init(
    payments: PaymentService, channels: Set<CustomerChannel>,
    now: @escaping @Sendable () -> Timestamp
  ) {
    self.payments = payments
    self.channels = channels
    self.now = now
  }

  package func handle(_ received: ReceivedEvent, in connection: any SQLConnection) throws {
    let (event, now) = (received.event, now())
    try hear(event, now: now, in: connection)
    guard let tenant = event.tenant,
      event.time.adding(seconds: Self.maximumAgeSeconds) > now,
      let (customer, notice) = try told(received, tenant: tenant, in: connection),
      let preferences = try PreferenceRecords.load(
        tenant: tenant, customer: customer, in: connection)
    else { return }
    let wanted = preferences.channels(for: notice.topic).intersection(channels)
    for channel in CustomerChannel.allCases where wanted.contains(channel) {
      try Deliveries.enqueue(
        NewDelivery(
          to: DeliveryTarget(tenant: tenant, channel: channel.name, key: customer),
          eventID: event.id.hex, eventType: event.type, eventSubject: event.subject,
          position: received.place.offset, content: CanonicalJSON.text(notice)),
        now: now, in: connection)
    }
  }

  /// For how long news of a payment or refund waits for its order's, which brokers may bring later.
  static let orderPatienceSeconds: Int64 = 10

  /// Notes how an order stands, and whose it is, whose row is in another database.
  private func hear(
    _ event: CloudEvent, now: Timestamp, in connection: any SQLConnection
  ) throws {
    guard let tenant = event.tenant, event.type.hasPrefix("order."),
      try !orders.contains(event.subject, tenant: tenant, in: connection),
      let data = try? JSONValue(parsing: Array(event.data.utf8)),
      let status = data["status"]?.string.flatMap(OrderStatus.init(rawValue:))
    else { return }
    try HeardOrders.note(
      event.subject, tenant: tenant, .init(status: status, customer: data["customer"]?.string),
      sequence: event.sequence, now: now, in: connection)
  }

  /// Whom the event tells what; nil for events that tell customers nothing, or nobody.
  private func told(
    _ received: ReceivedEvent, tenant: String, in connection: any SQLConnection
  ) throws -> (customer: String, notice: Notice)? {
    let event = received.event
    guard let data = try? JSONValue(parsing: Array(event.data.utf8)) else {
      throw EventRefusal("no JSON")
    }
    do {
      switch event.type.prefix(while: { $0 != "." }) {
      case "order":
        let notice = try Notice(orderEvent: event.type, data: data) {
          FiatCurrency.asset($0) != nil
        }
        guard let notice, let customer = data["customer"]?.string else { return nil }
        return (customer, notice)
      case "payment":
        guard let notice = try Notice(paymentEvent: event.type, data: data),
          let order = try known(notice.order, for: received, tenant: tenant, in: connection),
          let customer = order.customer
        else { return nil }
        // One that had been paid isn't canceled: it is held, which its own event tells.
        if case .expired = notice, ![.pending, .canceled].contains(order.status) { return nil }
        return (customer, notice)
      case "refund":
        guard let id = data["payment_id"]?.string,
          let order = try data["order_id"]?.string
            ?? payments.order(ofPayment: id, tenant: tenant, in: connection),
          let notice = try Notice(refundEvent: event.type, data: data, order: order),
          let customer = try known(order, for: received, tenant: tenant, in: connection)?.customer
        else { return nil }
        return (customer, notice)
      default: return nil
      }
    } catch let error as NoticeError {
      throw EventRefusal("\(error)")
    }
  }

  private struct EarlyNews: Error, CustomStringConvertible {
    let order: String
    var description: String { "nothing is known of \(order) yet" }
  }

  /// What is known of the order that news of a payment or refund is for: by its row, or by what was
  /// heard of it. Where that is nothing, and the news is young and from a broker, it is to be tried
  /// again.
  private func known(
    _ id: String, for news: ReceivedEvent, tenant: String, in connection: any SQLConnection
  ) throws -> HeardOrders.Heard? {
    // Shops have orders of their own, and ids for them: those are nobody's here.
    guard Identifier(id, prefix: Order.names.prefix) != nil else { return nil }
    if let order = try orders.load(id, tenant: tenant, locking: false, in: connection) {
      return .init(status: order.status, customer: order.terms.customer)
    }
    if let heard = try HeardOrders.find(id, tenant: tenant, in: connection) { return heard }
    guard news.place.partition != .log,
      news.event.time.adding(seconds: Self.orderPatienceSeconds) > now()
    else { return nil }
    throw EarlyNews(order: id)
  }
}
