internal import ChainTypes
internal import Database
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON

/// `/v1/supplies`: reading stock and changing it.
package struct SupplyRoutes: Sendable {
  let service: SupplyService

  package init(service: SupplyService) { self.service = service }

  package func register(on router: APIRouter) {
    router.addSchema(SupplySchemas.supply, named: "Supply")
    let supply = OpenAPIDocument.reference("Supply")
    router.on(
      .post, "/v1/supplies",
      OpenAPIOperation(
        "createSupply", "Keep stock of a product at a location", tag: "supplies",
        requestSchema: SupplySchemas.newSupply, isIdempotent: true,
        answers: [
          .init(201, "The supply.", schema: supply),
          .problem(409, "supply-exists, with supply_id; or idempotency-key-reused."),
        ])
    ) { request, context in try await create(request, context) }
    router.on(
      .get, "/v1/supplies",
      OpenAPIOperation(
        "listSupplies", "Supplies in the order in which they were made", tag: "supplies",
        parameters: OpenAPIOperation.Parameter.page + [
          .init("location", "Only those there."), .init("product", "Only those of it."),
          .init("status", "Only those with this status.", schema: SupplySchemas.status),
        ],
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: supply))])
    ) { request, context in try await list(request, context) }
    router.on(
      .get, "/v1/supplies/{id}",
      OpenAPIOperation(
        "getSupply", "A supply", tag: "supplies",
        answers: [.init(200, "The supply.", schema: supply), .problem(404, "not-found.")])
    ) { _, context in
      let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
      let service = service
      let text = try await Self.refusing {
        try await service.database.read(as: tenant) {
          try service.item(id, tenant: tenant, in: $0).document(telling: nil)
        }
      }
      return .json(bytes: Array(text.utf8))
    }
    registerChanges(on: router, supply)
  }

  private func registerChanges(on router: APIRouter, _ supply: JSONValue) {
    router.on(
      .patch, "/v1/supplies/{id}",
      OpenAPIOperation(
        "updateSupply", "Change what is noted about a supply", tag: "supplies",
        requestSchema: SupplySchemas.details,
        answers: [
          .init(200, "The supply afterwards.", schema: supply), .problem(404, "not-found."),
        ]
      )
    ) { request, context in
      let details = try await JSONRequestBody(request).read { try Self.changedDetails(&$0) }
      return try await change(context) { .described(details($0.details)) }
    }
    router.on(
      .delete, "/v1/supplies/{id}",
      OpenAPIOperation(
        "deleteSupply", "Keep a supply no longer", tag: "supplies",
        answers: [
          .init(200, "The supply as it was.", schema: supply), .problem(404, "not-found."),
          .problem(409, "supply-reserved: orders hold some of it."),
        ])
    ) { _, context in
      let by = "tenant:\(try context.requireTenant())"
      return try await change(context) { _ in .deleted(by: by) }
    }
    router.on(
      .post, "/v1/supplies/{id}/adjust",
      OpenAPIOperation(
        "adjustSupply", "Note what came, went or was counted", tag: "supplies",
        requestSchema: SupplySchemas.adjustment, isIdempotent: true,
        answers: [
          .init(200, "The supply afterwards.", schema: supply), .problem(404, "not-found."),
          .problem(409, "supply-reserved: orders hold more than would be left."),
        ])
    ) { request, context in try await adjust(request, context) }
  }

  // MARK: Handlers

  private func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let new = try body.read { try Self.newSupply(&$0) }
    let (service, now) = (service, service.now())
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    return try await once(key, tenant, now, status: 201) { connection in
      try service.create(new, tenant: tenant, now: now, random: random, in: connection)
    }
  }

  private func adjust(_ request: Request, _ context: APIContext) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let fact = try body.read { try Self.adjustment(&$0, by: "tenant:\(tenant)") }
    let (service, now) = (service, service.now())
    return try await once(key, tenant, now, status: 200) { connection in
      try service.change(id, tenant: tenant, now: now, in: connection) { _ in fact }
    }
  }

  private func once(
    _ key: IdempotencyKey, _ tenant: String, _ now: Timestamp, status: Int,
    _ body: @escaping @Sendable (any SQLConnection) throws -> SupplyItem
  ) async throws -> Response {
    let reply = try await Self.refusing {
      try await Idempotency.once(
        key, tenant: tenant, now: now, on: service.database, status: status
      ) { try body($0).document(telling: nil) }
    }
    service.onEvents()
    return .json(bytes: reply.body, status: .init(code: reply.status))
  }

  private func change(
    _ context: APIContext, _ fact: @escaping @Sendable (SupplyItem) -> SupplyFact
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (service, now) = (service, service.now())
    let text = try await Self.refusing {
      try await service.database.groupedWrite(as: tenant) { connection in
        try service.change(id, tenant: tenant, now: now, in: connection, by: fact)
          .document(telling: nil)
      }
    }
    service.onEvents()
    return .json(bytes: Array(text.utf8))
  }

  private func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let (page, location, product, status) = try QueryParameters.read(request) { query in
      (
        try query.page(ofIDs: "sup"), try query.string("location", length: Self.wordBytes),
        try query.string("product", length: Self.wordBytes),
        try query.choice("status", of: SupplySchemas.listedStatuses.map(\.rawValue))
      )
    }
    let service = service
    let items = try await service.database.read(as: tenant) { connection in
      try service.items(
        tenant: tenant, location: location, product: product,
        status: status.flatMap(SupplyStatus.init(rawValue:)), after: page.after,
        limit: page.limit + 1, in: connection
      ).map { (id: $0.id, json: $0.document(telling: nil)) }
    }
    return JSONPage.response(of: items, limit: page.limit)
  }

  private static func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let refusal as SupplyRefusal {
      throw Problem(refusal)
    }
  }
}
