internal import Aggregates
internal import Audit
internal import Cache
internal import ChainTypes
internal import Database
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Tenancy

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
        ]),
      access: Self.keeping
    ) { request, context in try await create(request, context) }
    router.on(
      .get, "/v1/supplies",
      OpenAPIOperation(
        "listSupplies", "Supplies in the order in which they were made", tag: "supplies",
        parameters: OpenAPIOperation.Parameter.page + [
          .init("location", "Only those there."), .init("product", "Only those of it."),
          .init("status", "Only those with this status.", schema: SupplySchemas.status),
          .init("owner", "Only those that they see to."),
          .init(
            "reorder", "Only those with such a reorder.", schema: SupplySchemas.reorderStatus),
        ],
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: supply))]),
      access: Self.reading
    ) { request, context in try await list(request, context) }
    router.on(
      .get, "/v1/supplies/{id}",
      OpenAPIOperation(
        "getSupply", "A supply", tag: "supplies",
        answers: [.init(200, "The supply.", schema: supply), .problem(404, "not-found.")]),
      access: Self.reading
    ) { _, context in
      let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
      let service = service
      let document = try await service.cache.value(for: try? CacheKeys(tenant: tenant).supply(id)) {
        try await service.database.read(as: tenant) { connection in
          let item = try service.item(id, tenant: tenant, in: connection)
          return CacheAside.Loaded(Array(item.document(telling: nil).utf8))
        }
      }
      return .json(bytes: document ?? [])
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
      ),
      access: Self.keeping
    ) { request, context in
      let details = try await JSONRequestBody(request).read { try Self.changedDetails(&$0) }
      return try await change("supply.update", context) {
        .described(try Self.checked(details($0.details), unit: $0.terms.unit))
      }
    }
    router.on(
      .delete, "/v1/supplies/{id}",
      OpenAPIOperation(
        "deleteSupply", "Keep a supply no longer", tag: "supplies",
        answers: [
          .init(200, "The supply as it was.", schema: supply), .problem(404, "not-found."),
          .problem(409, "supply-reserved: orders hold some of it."),
        ]),
      access: Self.keeping
    ) { _, context in
      let by = try context.requirePrincipal().by
      return try await change("supply.delete", context) { _ in .deleted(by: by) }
    }
    router.on(
      .post, "/v1/supplies/{id}/adjust",
      OpenAPIOperation(
        "adjustSupply", "Note what came, went or was counted", tag: "supplies",
        requestSchema: SupplySchemas.adjustment, isIdempotent: true,
        answers: [
          .init(200, "The supply afterwards.", schema: supply), .problem(404, "not-found."),
          .problem(409, "supply-reserved: orders hold more than would be left."),
        ]),
      access: .roles(.barista, .shopManager)
    ) { request, context in
      try await changeOnce("supply.adjust", request, context) { try Self.adjustment(&$0, by: $1) }
    }
    router.on(
      .post, "/v1/supplies/{id}/reorder",
      OpenAPIOperation(
        "reorderSupply", "Say that more was ordered, has come, or won't", tag: "supplies",
        requestSchema: SupplySchemas.reorder, isIdempotent: true,
        answers: [
          .init(200, "The supply afterwards.", schema: supply), .problem(404, "not-found."),
          .problem(409, "supply-not-reordered: nothing is open or ordered."),
        ]),
      access: .roles(.barista, .shopManager)
    ) { request, context in
      try await changeOnce("supply.reorder", request, context) { try Self.reorder(&$0, by: $1) }
    }
    router.on(
      .get, "/v1/supplies/{id}/movements",
      OpenAPIOperation(
        "listMovements", "How stock moved, the latest first", tag: "supplies",
        parameters: OpenAPIOperation.Parameter.page,
        answers: [
          .init(
            200, "A page.", schema: OpenAPIOperation.pageSchema(of: SupplySchemas.movement)),
          .problem(404, "not-found."),
        ]),
      access: Self.reading
    ) { request, context in try await movements(request, context) }
  }

  private static let reading = RouteAccess.roles(.barista, .shopManager, .auditor)
  private static let keeping = RouteAccess.roles(.shopManager)

  // MARK: Handlers

  private func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let new = try body.read { try Self.newSupply(&$0) }
    let (service, now, author) = (service, service.now(), context.author)
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    return try await once(key, tenant, now, status: 201) { connection in
      let item = try service.create(new, tenant: tenant, now: now, random: random, in: connection)
      try author?.note("supply.create", of: item.id, now: now, in: connection)
      return item
    }
  }

  /// - Parameter fact: reads the body and the name of who sends it
  private func changeOnce(
    _ action: String, _ request: Request, _ context: APIContext,
    _ fact: (inout JSONFields, String) throws -> @Sendable (SupplyItem) throws -> SupplyFact
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let by = try context.requirePrincipal().by
    let change = try body.read { try fact(&$0, by) }
    let (service, now, author) = (service, service.now(), context.author)
    return try await once(key, tenant, now, status: 200) { connection in
      try Self.noted(action, author, now, in: connection) { heard in
        try service.change(id, tenant: tenant, now: now, in: connection) {
          heard($0)
          return try change($0)
        }
      }
    }
  }

  private func movements(_ request: Request, _ context: APIContext) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let page = try QueryParameters.read(request) { try $0.page() }
    let before = page.after.flatMap { Int64($0) }
    guard page.after == nil || before != nil else {
      throw Problem.invalidField("after", "It must be a number, as next_after gives it.")
    }
    let service = service
    let movements = try await service.database.read(as: tenant) {
      try service.movements(
        of: id, tenant: tenant, before: before, limit: page.limit + 1, in: $0)
    }
    return JSONPage.response(of: movements, limit: page.limit)
  }

  private func once(
    _ key: IdempotencyKey, _ tenant: String, _ now: Timestamp, status: Int,
    _ body: @escaping @Sendable (any SQLConnection) throws -> SupplyItem
  ) async throws -> Response {
    let reply = try await Idempotency.once(
      key, tenant: tenant, now: now, on: service.database, status: status
    ) { try body($0).document(telling: nil) }
    service.onEvents()
    return .json(bytes: reply.body, status: .init(code: reply.status))
  }

  /// Records the action where it changed the supply.
  ///
  /// - Parameter change: tells what the supply was before
  private static func noted(
    _ action: String, _ author: AuditAuthor?, _ now: Timestamp, in connection: any SQLConnection,
    _ change: (_ heard: (SupplyItem) -> Void) throws -> SupplyItem
  ) throws -> SupplyItem {
    var before: SupplyItem?
    let item = try change { before = $0 }
    if let before, before.version != item.version {
      let details: JSONValue = [
        "on_hand": .integer(item.onHand), "on_hand_before": .integer(before.onHand),
      ]
      try author?.note(action, of: item.id, details, now: now, in: connection)
    }
    return item
  }

  private func change(
    _ action: String, _ context: APIContext,
    _ fact: @escaping @Sendable (SupplyItem) throws -> SupplyFact
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (service, now, author) = (service, service.now(), context.author)
    let text = try await service.database.groupedWrite(as: tenant) { connection in
      try Self.noted(action, author, now, in: connection) { heard in
        try service.change(id, tenant: tenant, now: now, in: connection) {
          heard($0)
          return try fact($0)
        }
      }.document(telling: nil)
    }
    service.onEvents()
    return .json(bytes: Array(text.utf8))
  }

  private func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let (page, filter) = try QueryParameters.read(request) { query in
      (
        try query.page(ofIDs: SupplyItem.names.prefix),
        SupplyService.Filter(
          location: try query.string("location", length: Self.wordBytes),
          product: try query.string("product", length: Self.wordBytes),
          status: try query.choice("status", of: SupplySchemas.listedStatuses.map(\.rawValue))
            .flatMap(SupplyStatus.init(rawValue:)),
          owner: try query.string("owner", length: Self.wordBytes),
          reorder: try query.choice(
            "reorder", of: SupplyReorder.Status.allCases.map(\.rawValue)
          ).flatMap(SupplyReorder.Status.init(rawValue:)))
      )
    }
    let service = service
    // What somebody who sees to supplies asks for every time.
    let isFirst = page == .first && filter == SupplyService.Filter(owner: filter.owner)
    let key = isFirst ? filter.owner : nil
    let body = try await service.cache.value(
      for: key.flatMap { try? CacheKeys(tenant: tenant).supplies(ofUser: $0) }
    ) {
      try await service.database.read(as: tenant) { connection in
        let items = try service.items(
          tenant: tenant, filter, after: page.after, limit: page.limit + 1, in: connection
        ).map { (id: $0.id, json: $0.document(telling: nil)) }
        return CacheAside.Loaded(
          JSONPage.bytes(of: items, limit: page.limit),
          isLasting: try key != nil
            && service.store.isSettled(where: filter.values(tenant: tenant), in: connection))
      }
    }
    return .json(bytes: body ?? [])
  }
}
