internal import Bytes
internal import ChainTypes
internal import Database
internal import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Payments
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
          .problem(409, "order-has-payment, with payment_id; or idempotency-key-reused."),
          .problem(429, "too-many-requests, with Retry-After."),
          .problem(503, "no-address-ready or chain-halted, with Retry-After."),
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
    let wanted = try body.read { fields in
      try newPayment(&fields, tenant: tenant)
    }
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    let reply = try await refusing {
      try await service.withAddress(for: wanted, now: now, on: database) { address in
        try await database.groupedWrite(as: tenant) { connection -> Idempotency.StoredReply in
          if address == nil {
            let stored = try Idempotency.reply(to: key, tenant: tenant, in: connection)
            if let stored { return stored }
          }
          let document: String
          do {
            document = try service.createDocumented(
              wanted, at: address, now: now, random: random, in: connection
            ).document
          } catch let refusal as PaymentRefusal {
            // What speaks against it may have been made under this very key since it was asked for.
            let stored = try Idempotency.reply(to: key, tenant: tenant, in: connection)
            guard let stored else { throw refusal }
            return stored
          }
          let reply = Idempotency.StoredReply(status: 201, body: Array(document.utf8))
          try Idempotency.store(reply, for: key, tenant: tenant, now: now, in: connection)
          return reply
        }
      }
    }
    onEvents()
    return .json(bytes: reply.body, status: .init(code: reply.status))
  }

  private func newPayment(
    _ fields: inout JSONFields, tenant: String
  ) throws -> PaymentRequest {
    let chainText = try fields.string("chain", length: 1...40)
    guard let chain = ChainName(chainText), let spec = service.spec(chain) else {
      throw Problem.invalidField(
        "chain",
        "It must be one of \(service.chains.map(\.text).joined(separator: ", ")).")
    }
    guard let asset = spec.listed(try fields.string("asset", length: 1...20))?.asset else {
      let known = spec.assets.map(\.asset.symbol).joined(separator: ", ")
      throw Problem.invalidField("asset", "\(chain) is paid in \(known).")
    }
    if fields.optional("price") != nil {
      throw Problem.invalidField("price", "Prices in other currencies aren't taken yet.")
    }
    let order = try fields.string("order_id", length: 1...PaymentService.maximumOrderIDBytes)
    let due = try Problem.minorUnits("amount", fields.string("amount", length: 1...120), of: asset)
    let tolerance = try fields.optionalString("tolerance", length: 1...120)
    let expiry = try fields.optionalInteger("expires_in", in: .min ... .max)
    let metadata = try fields.optionalFreeObject(
      "metadata", byteLimit: PaymentService.maximumMetadataBytes)
    return try PaymentRequest(
      tenant: tenant, orderID: order, chain: chain, asset: asset, amount: due,
      expiresInSeconds: expiry,
      tolerance: tolerance.map { try Problem.minorUnits("tolerance", $0, of: asset) },
      metadata: metadata?.json, refundAddress: refundAddress(&fields, asset: asset, on: spec))
  }

  /// No chain's addresses have more.
  static let addressLimit = 120

  private func refundAddress(
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
