internal import Bytes
internal import ChainTypes
internal import Database
internal import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Payments
internal import Prices
internal import Settlement

// Making and reading payments.
extension PaymentGateway {
  func registerPayments(on router: APIRouter) {
    let payment = OpenAPIDocument.reference("Payment")
    router.on(
      .post, "/v1/payments",
      OpenAPIOperation(
        "createPayment", "Request a payment and get its address", tag: "payments",
        requestSchema: Schemas.newPayment, isIdempotent: true,
        answers: [
          .init(201, "The payment.", schema: payment),
          .problem(403, "tenant-not-configured."),
          .problem(
            409,
            "order-has-payment or quote-used, with payment_id; quote-expired; or "
              + "idempotency-key-reused."),
          .problem(429, "too-many-requests, with Retry-After."),
          .problem(503, "no-address-ready, chain-halted or rate-unavailable, with Retry-After."),
        ]),
      access: .tenant, limits: creationLimits
    ) { request, context in try await create(request, context) }
    router.on(
      .get, "/v1/payments",
      OpenAPIOperation(
        "listPayments", "Payments in the order in which they were made", tag: "payments",
        parameters: OpenAPIOperation.Parameter.page + [
          .init("status", "Only those with this status.", schema: Schemas.status),
          .init("order_id", "Only those for this order."),
        ],
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: payment))]),
      access: Self.reading
    ) { request, context in try await list(request, context) }
    router.on(
      .get, "/v1/payments/{id}",
      OpenAPIOperation(
        "getPayment", "A payment", tag: "payments",
        answers: [.init(200, "The payment.", schema: payment), .problem(404, "not-found.")]),
      access: Self.reading
    ) { _, context in
      let tenant = try context.requireTenant()
      let id = try context.pathParameter("id")
      let service = service
      let text = try await refusing {
        try await database.read(as: tenant) { connection in
          try PaymentDocument.json(of: service.payment(id, tenant: tenant, in: connection))
        }
      }
      return .json(bytes: Array(text.utf8))
    }
  }

  private func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let (service, now) = (service, now())
    // Who repeats a request that a rate or a quote has a part in gets the first answer, whatever
    // became of these.
    let isPriced = body.json["price"] != nil || body.json["quote"] != nil
    if isPriced, let stored = try await stored(key, tenant) { return Self.answer(stored) }
    let wanted = try await refusing {
      try await self.request(in: body, tenant: tenant, now: now)
    }
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    let reply: Idempotency.StoredReply
    do {
      reply = try await service.withAddress(for: wanted, now: now, on: database) { address in
        try await database.groupedWrite(as: tenant) { connection -> Idempotency.StoredReply in
          if address == nil {
            let stored = try Idempotency.reply(to: key, tenant: tenant, in: connection)
            if let stored { return stored }
          }
          let made: (payment: Payment, document: String)
          do {
            made = try service.createDocumented(
              wanted, at: address, now: now, random: random, in: connection)
          } catch let refusal as PaymentRefusal {
            // What speaks against it may have been made under this very key since it was asked for.
            let stored = try Idempotency.reply(to: key, tenant: tenant, in: connection)
            guard let stored else { throw refusal }
            return stored
          }
          if let quote = wanted.quote?.id {
            try QuoteRecords.use(
              quote, tenant: tenant, for: made.payment.terms.id, now: now, in: connection)
          }
          let reply = Idempotency.StoredReply(status: 201, body: Array(made.document.utf8))
          try Idempotency.store(reply, for: key, tenant: tenant, now: now, in: connection)
          return reply
        }
      }
    } catch let refusal where refusal is QuoteRefusal {
      // The same request may have used it meanwhile.
      guard let stored = try await stored(key, tenant) else {
        return try await refusing { throw refusal }
      }
      reply = stored
    } catch {
      return try await refusing { throw error }
    }
    onEvents()
    return Self.answer(reply)
  }

  private func stored(
    _ key: IdempotencyKey, _ tenant: String
  ) async throws -> Idempotency.StoredReply? {
    try await database.read(as: tenant) {
      try Idempotency.reply(to: key, tenant: tenant, in: $0)
    }
  }

  private static func answer(_ reply: Idempotency.StoredReply) -> Response {
    .json(bytes: reply.body, status: .init(code: reply.status))
  }

  /// No chain's addresses have more.
  static let addressLimit = 120

  func refundAddress(
    _ fields: inout JSONFields, asset: Asset, on spec: ChainSpec
  ) throws -> String? {
    let text = try fields.optionalString("refund_address", length: 1...Self.addressLimit)
    do {
      return try text.map { try RefundService.checked(address: $0, asset: asset, on: spec) }
    } catch RefundRefusal.invalidAddress(let reason) {
      throw Problem.invalidField(
        "refund_address", "Nothing can be sent back there: \(reason).")
    }
  }

  private func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let (page, status, order) = try QueryParameters.read(request) { query in
      (
        try Self.page(&query),
        try query.choice("status", of: PaymentStatus.allCases.map(\.rawValue)),
        try query.string("order_id", length: 1...PaymentService.maximumOrderIDBytes)
      )
    }
    let service = service
    let texts = try await database.read(as: tenant) { connection in
      try service.payments(
        tenant: tenant, status: status.flatMap(PaymentStatus.init(rawValue:)), orderID: order,
        after: page.after, limit: page.limit + 1, in: connection
      ).map { ($0.terms.id, try PaymentDocument.json(of: $0)) }
    }
    return JSONPage.response(of: texts, limit: page.limit)
  }

  /// A page of payments goes on after a payment's id.
  private static func page(_ query: inout QueryParameters) throws(Problem) -> PageRequest {
    let page = try query.page()
    if let after = page.after, Identifier(after, prefix: "pay") == nil {
      throw .invalidField("after", "It must be the id of a payment, as next_after gives it.")
    }
    return page
  }
}
