internal import Audit
internal import Database
internal import HTTPServer
internal import Hummingbird
internal import JSON
internal import Tenancy

// What customers and staff decide about an order.
extension OrderRoutes {
  private struct Step {
    let word: String
    let id: String
    let summary: String
    let fact: @Sendable (String) -> OrderFact
  }

  private static let steps = [
    Step(word: "prepare", id: "prepareOrder", summary: "Begin with a confirmed order") {
      .preparing(by: $0)
    },
    Step(word: "ready", id: "readyOrder", summary: "Say that an order can be picked up") {
      .ready(by: $0)
    },
    Step(word: "complete", id: "completeOrder", summary: "Say that an order was handed over") {
      .completed(by: $0)
    },
  ]

  func registerDecisions(on router: APIRouter, _ order: JSONValue) {
    func answers(_ conflicts: String) -> [OpenAPIOperation.Answer] {
      [
        .init(200, "The order afterwards.", schema: order), .problem(404, "not-found."),
        .problem(409, conflicts),
      ]
    }
    router.on(
      .patch, "/v1/orders/{id}",
      OpenAPIOperation(
        "changeOrder", "Change what is ordered, before its payment is asked for", tag: "orders",
        requestSchema: OrderSchemas.change, answers: answers("order-not-changeable.")),
      access: Self.pricing
    ) { request, context in
      let by = try context.requirePrincipal().by
      let body = try await JSONRequestBody(request)
      return try await decide("order.change", by: context.staff, context) { order in
        let items = try body.read { try Self.items(&$0, in: order.terms.currency) }
        return .changed(items: items, by: by)
      }
    }
    router.on(
      .post, "/v1/orders/{id}/pay",
      OpenAPIOperation(
        "payOrder", "Say how an order is paid, and get its address", tag: "orders",
        requestSchema: OrderSchemas.payment,
        answers: answers("order-not-payable.") + [
          .problem(429, "too-many-requests, with Retry-After."),
          .problem(503, "rate-unavailable, with Retry-After."),
        ]),
      access: Self.deciding, limits: paymentLimits
    ) { request, context in
      try await pay(JSONRequestBody(request), context)
    }
    router.on(
      .post, "/v1/orders/{id}/cancel",
      OpenAPIOperation(
        "cancelOrder", "Cancel an order that nobody has begun with", tag: "orders",
        requestSchema: OrderSchemas.cancellation, answers: answers("order-not-cancelable.")),
      access: Self.deciding
    ) { request, context in
      let by = try context.requirePrincipal().by
      let body = try await JSONRequestBody(request)
      let note = try body.read { try $0.optionalString("note", length: Self.noteBytes) }
      return try await decide("order.cancel", by: context.author, context) { _ in
        .canceled(by: by, note: note)
      }
    }
    for step in Self.steps {
      router.on(
        .post, "/v1/orders/{id}/\(step.word)",
        OpenAPIOperation(
          step.id, step.summary, tag: "orders", answers: answers("order-not-\(step.word).")),
        access: Self.preparing
      ) { _, context in
        let by = try context.requirePrincipal().by
        return try await decide("order.\(step.word)", by: context.author, context) { _ in
          step.fact(by)
        }
      }
    }
  }

  /// Where the order's total needs a rate, that is asked for first; the total is what it is then.
  private func pay(_ body: JSONRequestBody, _ context: APIContext) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let isCustomer = context.customer != nil
    let wanted: @Sendable (Order) throws -> WantedChoice = { order in
      let total = try OrderItem.total(of: order.items)
      return try body.read {
        try self.choice(
          &$0, total: total, currency: order.terms.currency, mayName: !isCustomer,
          longest: isCustomer ? order.payingSeconds : nil)
      }
    }
    let (service, now) = (service, saga.now())
    let known = try await service.database.read(as: tenant) {
      try service.order(id, tenant: tenant, in: $0)
    }
    try known.check(isOf: context.customer)
    let asked = try wanted(known)
    // What was quoted once stays so.
    let isChosen = known.choice != nil
    let rate = isChosen ? nil : try await rate(for: asked, in: known.terms.currency)
    return try await decide("order.pay", by: context.staff, context) { order in
      let asked = try wanted(order)
      if let choice = order.choice, asked.isAsked(by: choice) { return .paymentChosen(choice) }
      if asked.isPriced, rate == nil { throw OrderRefusal.notPayable(order.status) }
      return .paymentChosen(try asked.made(at: rate, now: now))
    }
  }

  /// - Parameter action: as the audit log calls it where it changes the order
  func decide(
    _ action: String, by author: AuditAuthor?, _ context: APIContext,
    _ fact: @escaping @Sendable (Order) throws -> OrderFact
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (service, now) = (service, saga.now())
    let customer = context.customer
    _ = try await service.database.groupedWrite(as: tenant) { connection in
      var version: Int64 = 0
      let order = try service.decide(on: id, tenant: tenant, now: now, in: connection) { order in
        try order.check(isOf: customer)
        version = order.version
        return try fact(order)
      }
      if order.version != version {
        try author?.note(action, of: id, now: now, in: connection)
      }
    }
    saga.onEvents()
    return try await driven(tenant, id)
  }
}
