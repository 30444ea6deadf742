internal import Aggregates
internal import Audit
internal import Cache
internal import ChainTypes
internal import Database
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
package import Prices
package import Settlement
internal import Tenancy

/// `/v1/orders`: taking orders, reading them, and what customers and staff decide.
package struct OrderRoutes: Sendable {
  let service: OrderService
  let saga: OrderSaga
  /// Knows the chains on which orders are paid.
  let payments: PaymentService
  /// How many payments a tenant may make at once and in a minute, by orders or without.
  let paymentLimits: RouteLimits
  let events: EventAnswers
  /// What turns totals into amounts of another asset; nil where nobody does.
  let rates: (any PriceRates)?

  package init(
    service: OrderService, saga: OrderSaga, payments: PaymentService, paymentLimits: RouteLimits,
    events: EventAnswers, rates: (any PriceRates)? = nil
  ) {
    self.service = service
    self.saga = saga
    self.payments = payments
    self.paymentLimits = paymentLimits
    self.rates = rates
    self.events = events
  }

  package func register(on router: APIRouter) {
    router.addSchema(OrderSchemas.order, named: "Order")
    router.addSchema(OrderSchemas.item, named: "OrderItem")
    let order = OpenAPIDocument.reference("Order")
    router.on(
      .post, "/v1/orders",
      OpenAPIOperation(
        "createOrder", "Place an order", tag: "orders", requestSchema: OrderSchemas.newOrder,
        isIdempotent: true,
        answers: [
          .init(
            201,
            "The order as it is by now: its stock reserved and its payment requested, where that "
              + "could be done at once; a repeated request gets it as it is then.", schema: order),
          .problem(409, "idempotency-key-reused."),
          .problem(429, "too-many-requests, with Retry-After."),
          .problem(503, "rate-unavailable, with Retry-After."),
        ]),
      access: Self.pricing, limits: paymentLimits
    ) { request, context in try await place(request, context) }
    router.on(
      .get, "/v1/orders",
      OpenAPIOperation(
        "listOrders", "Orders in the order in which they were placed", tag: "orders",
        parameters: OpenAPIOperation.Parameter.page + [
          .init("status", "Only those with this status.", schema: OrderSchemas.status),
          .init(
            "attention", "Only those that need this attention.", schema: OrderSchemas.attention),
          .init("customer", "Only this customer's."), .init("location", "Only those there."),
        ],
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: order))]),
      access: Self.reading
    ) { request, context in try await list(request, context) }
    router.on(
      .get, "/v1/orders/{id}",
      OpenAPIOperation(
        "getOrder", "An order", tag: "orders",
        answers: [.init(200, "The order.", schema: order), .problem(404, "not-found.")]),
      access: Self.reading
    ) { _, context in
      try await answer(
        context.requireTenant(), context.pathParameter("id"), of: context.customer)
    }
    router.on(
      .get, "/v1/orders/{id}/items",
      OpenAPIOperation(
        "getOrderItems", "What is ordered", tag: "orders",
        answers: [
          .init(200, "The items.", schema: OrderSchemas.orderedItems("OrderItem")),
          .problem(404, "not-found."),
        ]), access: Self.reading
    ) { _, context in
      let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
      return try await answer(
        tenant, id, of: context.customer, key: try? CacheKeys(tenant: tenant).orderItems(id)
      ) { $0.itemsDocument }
    }
    registerDecisions(on: router, order)
    registerResolutions(on: router, order)
    registerEvents(on: router)
  }

  static let reading = RouteAccess.roles(.customer, .barista, .shopManager, .auditor)
  /// Whoever names items names their prices, too, which customers don't.
  static let pricing = RouteAccess.roles(.shopManager)
  /// Customers about their own.
  static let deciding = RouteAccess.roles(.customer, .shopManager)
  static let preparing = RouteAccess.roles(.barista, .shopManager)

  // MARK: Handlers

  private func place(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let (service, now, staff) = (service, saga.now(), context.staff)
    let wanted = try body.read { try newOrder(&$0) }
    let choice: PaymentChoice?
    if let wish = wanted.choice, wish.isPriced {
      // Who repeats the request gets the order as it was priced, whatever there is of rates by now.
      let known = try await service.database.read(as: tenant) {
        try Idempotency.reply(to: key, tenant: tenant, in: $0)
      }
      if let known { return try await driven(tenant, known) }
      choice = try wish.made(
        at: try await rate(for: wish, in: wanted.order.currency), now: now)
    } else {
      choice = try wanted.choice?.made(at: nil, now: now)
    }
    let new = wanted.with(choice)
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    let reply = try await Idempotency.once(key, tenant: tenant, now: now, on: service.database) {
      connection in
      let order = try service.place(
        new, tenant: tenant, now: now, random: random, in: connection)
      try staff?.note("order.place", of: order.id, now: now, in: connection)
      return order.document(telling: nil)
    }
    saga.onEvents()
    return try await driven(tenant, reply)
  }

  /// The order that a stored reply tells of.
  private func driven(
    _ tenant: String, _ reply: Idempotency.StoredReply
  ) async throws -> Response {
    guard let id = try JSONValue(parsing: reply.body)["id"]?.string else { throw Problem.internal }
    return try await driven(tenant, id, status: .init(code: reply.status))
  }

  /// Carries the order on as far as it goes now, and answers with what it is then. What fails there
  /// is tried again by the saga's own task, and is no reason to tell that the request failed.
  func driven(
    _ tenant: String, _ id: String, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    try? await saga.drive(id)
    return try await answer(tenant, id, status: status)
  }

  /// - Parameter customer: whose the order must be; anybody's where nil
  private func answer(
    _ tenant: String, _ id: String, of customer: String? = nil, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    try await answer(
      tenant, id, of: customer, status: status, key: try? CacheKeys(tenant: tenant).order(id)
    ) { $0.document(telling: nil) }
  }

  /// What is cached is for those who may see all orders.
  private func answer(
    _ tenant: String, _ id: String, of customer: String?, status: HTTPResponse.Status = .ok,
    key: CacheKey?,
    _ document: @escaping @Sendable (Order) -> String
  ) async throws -> Response {
    let service = service
    let body = try await service.cache.value(for: customer == nil ? key : nil) {
      try await service.database.read(as: tenant) { connection in
        let order = try service.order(id, tenant: tenant, in: connection)
        try order.check(isOf: customer)
        return CacheAside.Loaded(Array(document(order).utf8))
      }
    }
    return .json(bytes: body ?? [], status: status)
  }

  private func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let (page, asked) = try QueryParameters.read(request) { query in
      (
        try query.page(ofIDs: Order.names.prefix),
        OrderService.Filter(
          status: try query.choice("status", of: OrderStatus.allCases.map(\.rawValue))
            .flatMap(OrderStatus.init(rawValue:)),
          attention: try query.choice("attention", of: OrderAttention.allCases.map(\.rawValue))
            .flatMap(OrderAttention.init(rawValue:)),
          customer: try query.string("customer", length: Self.wordBytes),
          location: try query.string("location", length: Self.wordBytes))
      )
    }
    let service = service
    var filter = asked
    if let own = context.customer {
      guard (filter.customer ?? own).isSameName(as: own) else {
        return JSONPage.response(of: [], limit: page.limit)
      }
      filter.customer = own
    }
    let wanted = filter
    // What a customer's device asks for every time.
    let isFirst = page == .first && wanted == OrderService.Filter(customer: wanted.customer)
    let key = isFirst ? wanted.customer : nil
    let body = try await service.cache.value(
      for: key.flatMap { try? CacheKeys(tenant: tenant).orders(ofUser: $0) }
    ) {
      try await service.database.read(as: tenant) { connection in
        let orders = try service.orders(
          tenant: tenant, wanted, after: page.after, limit: page.limit + 1, in: connection
        ).map { (id: $0.id, json: $0.document(telling: nil)) }
        return CacheAside.Loaded(
          JSONPage.bytes(of: orders, limit: page.limit),
          isLasting: try key != nil
            && service.records.store.isSettled(
              where: wanted.values(tenant: tenant), in: connection)
        )
      }
    }
    return .json(bytes: body ?? [])
  }
}

extension Order {
  /// How long its customer may take to pay, and keep its stock from others: as long as the shop
  /// gave them to ask for the payment, and no less than is usual.
  var payingSeconds: Int64 {
    let given = (terms.expiresAt.microseconds - createdAt.microseconds) / 1_000_000
    return max(given, OrderService.expirySeconds)
  }

  /// To who may see only their own, others' orders aren't there.
  func check(isOf customer: String?) throws(OrderRefusal) {
    guard let customer else { return }
    guard terms.customer?.isSameName(as: customer) == true else { throw .notFound(id) }
  }
}
