package import Aggregates
package import Cache
package import ChainTypes
package import Database
internal import Supply

/// Takes orders and what people decide about them. Everything runs inside the caller's transaction,
/// so that a reply, an order and its events hold together; what other services must do then is the
/// saga's part.
package struct OrderService: Sendable {
  let database: any Database
  /// Through which single orders and customers' lists are read; then `database` invalidates it.
  let cache: CacheAside?
  let records = OrderRecords()

  package init(database: any Database, cache: CacheAside? = nil) {
    self.database = database
    self.cache = cache
  }

  package static let expirySeconds: Int64 = 900
  package static let expirySecondsRange: ClosedRange<Int64> = 2...86_400

  /// What is asked for with a new order.
  package struct NewOrder: Sendable, Equatable {
    package var customer: String?
    package var location: String
    package var currency: Asset
    package var items: [OrderItem]
    /// Nil where the customer says later how to pay.
    package var payment: PaymentChoice?
    package var expiresInSeconds: Int64?
    package var metadata: String?

    package init(
      customer: String? = nil, location: String, currency: Asset, items: [OrderItem],
      payment: PaymentChoice? = nil, expiresInSeconds: Int64? = nil, metadata: String? = nil
    ) {
      self.customer = customer
      self.location = location
      self.currency = currency
      self.items = items
      self.payment = payment
      self.expiresInSeconds = expiresInSeconds
      self.metadata = metadata
    }
  }

  package func place(
    _ new: NewOrder, tenant: String, now: Timestamp, random: (UInt64, UInt64),
    in connection: any SQLConnection
  ) throws -> Order {
    let id = try records.store.order(connection.dialect).newID(
      tenant: tenant, now: now, random: random, in: connection)
    let terms = OrderTerms(
      id: id, tenant: tenant, customer: new.customer, location: new.location,
      currency: new.currency,
      expiresAt: now.adding(seconds: new.expiresInSeconds ?? Self.expirySeconds),
      metadata: new.metadata)
    return try records.place(
      .placed(terms, items: new.items, payment: new.payment), now: now, in: connection)
  }

  /// Applies what somebody decides. What holds already changes nothing, so that a client that
  /// didn't get its answer can repeat it.
  ///
  /// - Parameter fact: made of the order as it is
  package func decide(
    on id: String, tenant: String, now: Timestamp, in connection: any SQLConnection,
    _ fact: (Order) throws -> OrderFact
  ) throws -> Order {
    guard var order = try records.load(id, tenant: tenant, in: connection) else {
      throw OrderRefusal.notFound(id)
    }
    try records.apply(fact(order), to: &order, now: now, in: connection)
    return order
  }

  package func order(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> Order {
    let order = try records.load(id, tenant: tenant, locking: false, in: connection)
    guard let order else { throw OrderRefusal.notFound(id) }
    return order
  }

  /// What a list asks for; nil where it doesn't matter.
  package struct Filter: Equatable, Sendable {
    package var status: OrderStatus?
    package var attention: OrderAttention?
    package var customer: String?
    package var location: String?

    func values(tenant: String) -> [(column: String, value: SQLValue)] {
      [
        ("tenant", .text(tenant)), ("status", .optional(status?.rawValue)),
        ("attention", .optional(attention?.rawValue)), ("customer", .optional(customer)),
        ("location", .optional(location)),
      ]
    }
  }

  package func orders(
    tenant: String, _ filter: Filter, after id: String?, limit: Int,
    in connection: any SQLConnection
  ) throws -> [Order] {
    try records.store.page(
      where: filter.values(tenant: tenant), after: id, limit: limit, in: connection)
  }

  /// Makes the rows of all orders again from their facts, with their timers; without `writing` only
  /// compares them.
  package func rebuild(writing: Bool, now: Timestamp) async throws -> RebuildReport {
    let records = records
    return try await records.store.rebuild(database, writing: writing) { order, connection in
      try records.setTimer(of: order, now: now, in: connection)
    }
  }
}
