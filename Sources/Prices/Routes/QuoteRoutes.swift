package import ChainTypes
package import Database
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Payments
package import Settlement
internal import Tenancy

/// `/v1/quotes`: asking what a price comes to, and keeping the answer for a payment.
package struct QuoteRoutes: Sendable {
  let database: any Database
  /// Nil where no prices are configured.
  let rates: (any PriceRates)?
  /// Knows the chains and their assets.
  let payments: PaymentService
  /// How many quotes a tenant may ask for at once and in a minute.
  let limits: RouteLimits
  let now: @Sendable () -> Timestamp

  package init(
    database: any Database, rates: (any PriceRates)?, payments: PaymentService,
    limits: RouteLimits, now: @escaping @Sendable () -> Timestamp
  ) {
    self.database = database
    self.rates = rates
    self.payments = payments
    self.limits = limits
    self.now = now
  }

  package func register(on router: APIRouter) {
    router.addSchema(PriceSchemas.quote, named: "Quote")
    let quote = OpenAPIDocument.reference("Quote")
    router.on(
      .post, "/v1/quotes",
      OpenAPIOperation(
        "createQuote", "Ask what a price comes to, for one payment to be made of it",
        tag: "prices", requestSchema: PriceSchemas.newQuote, isIdempotent: true,
        answers: [
          .init(201, "The quote.", schema: quote),
          .problem(409, "idempotency-key-reused."),
          .problem(429, "too-many-requests, with Retry-After."),
          .problem(503, "rate-unavailable, with Retry-After."),
        ]),
      limits: limits
    ) { request, context in try await create(request, context) }
    router.on(
      .get, "/v1/quotes/{id}",
      OpenAPIOperation(
        "getQuote", "A quote", tag: "prices",
        answers: [
          .init(200, "The quote, with the payment that was made of it.", schema: quote),
          .problem(404, "not-found: quotes are kept for a week."),
        ]),
      access: .roles(.shopManager, .finance, .auditor)
    ) { _, context in
      let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
      do {
        let (quote, payment) = try await database.read(as: tenant) {
          try QuoteRecords.load(id, tenant: tenant, in: $0)
        }
        return .json(bytes: Array(quote.document(payment: payment).utf8))
      } catch QuoteRefusal.notFound(let id) {
        throw Problem.notFound("There is no quote \(id.prefix(60)).")
      }
    }
  }

  private func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let (price, chain, asset) = try body.read { fields in
      let (spec, asset) = try PriceFields.asset(&fields, payments: payments)
      return (try PriceFields.price(&fields, payments: payments), spec.name, asset)
    }
    let now = now()
    // Who repeats a request gets its quote, whatever there is of rates by now.
    let known = try await database.read(as: tenant) {
      try Idempotency.reply(to: key, tenant: tenant, in: $0)
    }
    if let known { return .json(bytes: known.body, status: .init(code: known.status)) }
    var generator = SystemRandomNumberGenerator()
    let id = Identifier(
      prefix: "quo", milliseconds: UInt64(clamping: now.microseconds / 1_000),
      random: (generator.next(), generator.next()))
    let quote = Quote(
      id: id.description, tenant: tenant, chain: chain, asset: asset,
      try await quoted(price, in: asset, now: now), createdAt: now)
    let reply = try await Idempotency.once(key, tenant: tenant, now: now, on: database) {
      try QuoteRecords.insert(quote, in: $0)
      return quote.document(payment: nil)
    }
    return .json(bytes: reply.body, status: .init(code: reply.status))
  }

  private func quoted(
    _ price: Amount, in asset: Asset, now: Timestamp
  ) async throws -> QuotedAmount {
    guard let rates else {
      throw Problem.invalidField("currency", "No prices are configured.")
    }
    do {
      return try await rates.quote(price, in: asset, now: now)
    } catch let refusal as RateRefusal {
      throw Problem(refusal, price: "amount", currency: "currency")
    }
  }
}
