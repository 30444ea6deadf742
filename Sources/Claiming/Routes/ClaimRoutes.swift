internal import Aggregates
internal import Cache
package import ChainTypes
internal import Database
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import QRCode
internal import Tenancy

/// `/v1/claims`: reading claims and their codes, handing orders over, and what is decided about it.
package struct ClaimRoutes: Sendable {
  let service: ClaimService
  let now: @Sendable () -> Timestamp
  /// Called after a transaction that appended events.
  let onEvents: @Sendable () -> Void

  package init(
    service: ClaimService, now: @escaping @Sendable () -> Timestamp,
    onEvents: @escaping @Sendable () -> Void
  ) {
    self.service = service
    self.now = now
    self.onEvents = onEvents
  }

  package func register(on router: APIRouter) {
    router.addSchema(ClaimSchemas.claim, named: "Claim")
    let claim = OpenAPIDocument.reference("Claim")
    router.on(
      .get, "/v1/claims",
      OpenAPIOperation(
        "listClaims", "Claims in the order in which they were issued", tag: "claims",
        parameters: OpenAPIOperation.Parameter.page + [
          .init("status", "Only those with this status.", schema: ClaimSchemas.status),
          .init("location", "Only those there."),
        ],
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: claim))]),
      access: .roles(.barista, .shopManager, .auditor)
    ) { request, context in try await list(request, context) }
    router.on(
      .get, "/v1/claims/{id}",
      OpenAPIOperation(
        "getClaim", "A claim", tag: "claims",
        answers: [.init(200, "The claim.", schema: claim), .problem(404, "not-found.")]),
      access: .roles(.customer, .barista, .shopManager, .auditor)
    ) { _, context in
      try await answer(context, key: { try $0.claim($1) }) {
        try service.claim($1, tenant: $0, in: $2)
      }
    }
    router.on(
      .get, "/v1/orders/{id}/claim",
      OpenAPIOperation(
        "getOrderClaim", "An order's claim, once the order has been ready", tag: "claims",
        answers: [.init(200, "The claim.", schema: claim), .problem(404, "not-found.")]),
      access: .roles(.customer, .barista, .shopManager, .auditor)
    ) { _, context in
      try await answer(context, key: { try $0.claim(ofOrder: $1) }) {
        try service.claim(ofOrder: $1, tenant: $0, in: $2)
      }
    }
    registerCodes(on: router)
    registerDecisions(on: router, claim)
  }

  private func registerCodes(on router: APIRouter) {
    let problems: [OpenAPIOperation.Answer] = [
      .problem(404, "not-found."), .problem(409, "claim-code-lost: renew it."),
      .problem(410, "claim-ended."),
    ]
    router.on(
      .get, "/v1/claims/{id}/code",
      OpenAPIOperation(
        "getClaimCode", "The code that its customer shows", tag: "claims",
        answers: [.init(200, "The code.", schema: ClaimSchemas.code)] + problems),
      access: .roles(.customer)
    ) { _, context in
      let issued = try await code(context)
      return .json(
        [
          "id": .string(issued.claim), "order_id": .string(issued.order),
          "code": .string(issued.code.grouped), "uri": .string(issued.uri),
        ], headers: Self.unstored)
    }
    router.on(
      .get, "/v1/claims/{id}/qr.svg",
      OpenAPIOperation(
        "getClaimQRCode", "Its code as a QR code", tag: "claims",
        answers: [.init(200, "An SVG image.", mediaType: "image/svg+xml")] + problems),
      access: .roles(.customer)
    ) { _, context in
      let image = try QRCode(await code(context).uri).svg
      return .body(Array(image.utf8), type: "image/svg+xml", headers: Self.unstored)
    }
  }

  /// Of what nobody between the server and its reader may keep.
  static let unstored: HTTPFields = [.cacheControl: "no-store"]

  private func code(_ context: APIContext) async throws -> IssuedCode {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (service, customer) = (service, context.customer)
    do {
      return try await service.database.read(as: tenant) {
        _ = try service.claim(id, tenant: tenant, in: $0).shown(to: customer)
        return try service.code(of: id, tenant: tenant, in: $0)
      }
    } catch ClaimRefusal.processed {
      throw Problem.gone("claim-ended", "The claim has no code any more.", "It is processed.")
    } catch ClaimRefusal.canceled {
      throw Problem.gone("claim-ended", "The claim has no code any more.", "It is canceled.")
    }
  }

  // MARK: Handlers

  /// Answers with what is read of the path's id on the tenant's behalf.
  func reading(
    _ context: APIContext, headers: HTTPFields = [:],
    _ body: @escaping @Sendable (_ tenant: String, _ id: String, any SQLConnection) throws -> String
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let database = service.database
    let text = try await database.read(as: tenant) { try body(tenant, id, $0) }
    return .json(bytes: Array(text.utf8), headers: headers)
  }

  /// Answers with the claim that is found for the path's id. What is cached is for those who may
  /// see all claims.
  private func answer(
    _ context: APIContext, key: (CacheKeys, _ id: String) throws -> CacheKey,
    _ claim: @escaping @Sendable (_ tenant: String, _ id: String, any SQLConnection) throws -> Claim
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (service, customer) = (service, context.customer)
    let shared = customer == nil ? try? key(CacheKeys(tenant: tenant), id) : nil
    let body = try await service.cache.value(for: shared) {
      try await service.database.read(as: tenant) { connection in
        let claim = try claim(tenant, id, connection).shown(to: customer)
        return CacheAside.Loaded(Array(claim.document(telling: nil).utf8))
      }
    }
    return .json(bytes: body ?? [])
  }

  private func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let (page, status, location) = try QueryParameters.read(request) { query in
      (
        try query.page(ofIDs: Claim.names.prefix),
        try query.choice("status", of: ClaimStatus.allCases.map(\.rawValue)),
        try query.string("location", length: Self.wordBytes)
      )
    }
    let service = service
    let claims = try await service.database.read(as: tenant) { connection in
      try service.claims(
        tenant: tenant, status: status.flatMap(ClaimStatus.init(rawValue:)), location: location,
        after: page.after, limit: page.limit + 1, in: connection
      ).map { (id: $0.id, json: $0.document(telling: nil)) }
    }
    return JSONPage.response(of: claims, limit: page.limit)
  }
}

extension Claim {
  /// To who may see only their own, others' claims aren't there.
  fileprivate func shown(to customer: String?) throws -> Claim {
    guard let customer else { return self }
    guard terms.customer?.isSameName(as: customer) == true else { throw ClaimRefusal.notFound(id) }
    return self
  }
}
