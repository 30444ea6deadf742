package import ChainTypes
package import Database
package import HTTPServer
internal import Hummingbird
internal import JSON
internal import Tenancy

/// `/v1/prices`: current rates, and what they were.
package struct PriceRoutes: Sendable {
  let database: any Database
  /// Nil where no prices are configured.
  let rates: StoredRates?
  let now: @Sendable () -> Timestamp

  package init(
    database: any Database, rates: StoredRates?, now: @escaping @Sendable () -> Timestamp
  ) {
    self.database = database
    self.rates = rates
    self.now = now
  }

  /// What things cost is no secret.
  private static let reading = RouteAccess.roles(
    .customer, .barista, .shopManager, .finance, .operator, .auditor)

  package func register(on router: APIRouter) {
    router.addSchema(PriceSchemas.rate, named: "Price")
    let rate = OpenAPIDocument.reference("Price")
    router.on(
      .get, "/v1/prices",
      OpenAPIOperation(
        "listPrices", "The current rates", tag: "prices",
        answers: [.init(200, "All of them.", schema: OpenAPIOperation.pageSchema(of: rate))]),
      access: Self.reading
    ) { _, _ in
      let documents = try await documents()
      return JSONPage.response(of: documents, limit: documents.count)
    }
    router.on(
      .get, "/v1/prices/{pair}",
      OpenAPIOperation(
        "getPrice", "A pair's rate", tag: "prices",
        answers: [
          .init(200, "The last one, however old.", schema: rate),
          .problem(404, "not-found: no such pair, or no rate yet."),
        ]),
      access: Self.reading
    ) { _, context in
      let pair = try pair(context)
      guard let document = try await documents().first(where: { $0.id == pair.description }) else {
        throw Problem.notFound("There is no rate of \(pair) yet.")
      }
      return .json(bytes: Array(document.json.utf8))
    }
    router.on(
      .get, "/v1/prices/{pair}/history",
      OpenAPIOperation(
        "listPriceHistory", "The rates that were told (price.updated), the latest first",
        tag: "prices", parameters: OpenAPIOperation.Parameter.page,
        answers: [
          .init(
            200, "A page.", schema: OpenAPIOperation.pageSchema(of: PriceSchemas.historyLine)),
          .problem(404, "not-found."),
        ]),
      access: Self.reading
    ) { request, context in try await history(request, context) }
  }

  // MARK: Handlers

  private func documents() async throws -> [(id: String, json: String)] {
    guard let rates else { return [] }
    let now = now()
    return try await rates.rates().values.sorted { $0.rate.pair < $1.rate.pair }.map { stored in
      (
        stored.rate.pair.description,
        PriceDocument.rate(stored, now: now, maximumAgeSeconds: rates.maximumAgeSeconds)
      )
    }
  }

  private func pair(_ context: APIContext) throws(Problem) -> CurrencyPair {
    let text = try context.pathParameter("pair")
    guard let rates, let pair = CurrencyPair(text), rates.pairs.contains(pair) else {
      throw .notFound("There is no pair \(text.prefix(60)).")
    }
    return pair
  }

  private func history(_ request: Request, _ context: APIContext) async throws -> Response {
    let pair = try pair(context)
    let (page, before) = try QueryParameters.read(request) { query -> (PageRequest, Int64?) in
      let page = try query.page()
      guard let after = page.after else { return (page, nil) }
      guard let number = Int64(after), number >= 1 else {
        throw Problem.invalidField("after", "It must be as next_after gives it.")
      }
      return (page, number)
    }
    let lines = try await database.read {
      try PriceRecords().history(of: pair, before: before, limit: page.limit + 1, in: $0)
    }
    return JSONPage.response(
      of: lines.map { (String($0.number), PriceDocument.line($0)) }, limit: page.limit)
  }
}
