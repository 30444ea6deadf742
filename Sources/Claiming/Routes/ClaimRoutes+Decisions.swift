internal import Audit
internal import Database
package import HTTPServer
internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Tenancy

// Handing orders over, and what staff decides about that.
extension ClaimRoutes {
  static let wordBytes = 1...128
  private static let addressBytes = 1...1_000
  private static let codeBytes = 1...ClaimCode.maximumTextBytes

  private static let elsewhere = OpenAPIOperation.Answer.problem(
    421, "claim-elsewhere: ask the named region.")

  private static func answers(
    _ claim: JSONValue, _ conflicts: String
  ) -> [OpenAPIOperation.Answer] {
    [
      .init(200, "The claim afterwards.", schema: claim), .problem(404, "not-found."),
      .problem(409, conflicts), elsewhere,
    ]
  }

  func registerDecisions(on router: APIRouter, _ claim: JSONValue) {
    router.on(
      .post, "/v1/claims/{id}/process",
      OpenAPIOperation(
        "processClaim", "Hand an order over to who shows its code", tag: "claims",
        requestSchema: ClaimSchemas.showing, isIdempotent: true,
        answers: Self.answers(
          claim,
          "claim-processed, claim-canceled, claim-suspended, claim-locked or "
            + "idempotency-key-reused.") + [
            .problem(403, "claim-code-wrong, with attempts_left.")
          ]),
      access: .roles(.barista, .shopManager)
    ) { request, context in try await process(request, context) }
    router.on(
      .post, "/v1/claims/{id}/renew",
      OpenAPIOperation(
        "renewClaim", "Give it another code, and unlock it", tag: "claims",
        answers: Self.answers(claim, "claim-processed or claim-canceled.")),
      access: .roles(.barista, .shopManager)
    ) { _, context in
      let by = try context.requirePrincipal().by
      var generator = SystemRandomNumberGenerator()
      let code = ClaimCode(random: (generator.next(), generator.next()))
      let (service, now) = (service, now())
      return try await deciding("claim.renew", context) { tenant, id, connection in
        try service.renew(id, tenant: tenant, code: code, by: by, now: now, in: connection)
      }
    }
    registerDelivery(on: router, claim)
  }

  private func registerDelivery(on router: APIRouter, _ claim: JSONValue) {
    let path = "/v1/claims/{id}/delivery"
    router.on(
      .post, path,
      OpenAPIOperation(
        "deliverClaim", "Name the courier who brings it, and where to", tag: "claims",
        requestSchema: ClaimSchemas.newDelivery,
        answers: Self.answers(claim, "claim-processed or claim-canceled.")),
      access: .roles(.barista, .shopManager)
    ) { request, context in
      let by = try context.requirePrincipal().by
      let (courier, address) = try await JSONRequestBody(request).read { fields in
        (
          try fields.string("courier", length: Self.wordBytes),
          try fields.string("address", length: Self.addressBytes)
        )
      }
      let (service, now) = (service, now())
      return try await deciding("claim.deliver", context) { tenant, id, connection in
        try service.assign(
          courier, address: address, to: id, tenant: tenant, by: by, now: now, in: connection)
      }
    }
    router.on(
      .get, path,
      OpenAPIOperation(
        "getClaimDelivery", "Who brings it, and where to, until it was handed over", tag: "claims",
        answers: [
          .init(200, "Courier and address.", schema: ClaimSchemas.address),
          .problem(404, "not-found."), .problem(409, "claim-not-delivered."),
        ]),
      access: .roles(.barista, .shopManager, .auditor)
    ) { _, context in
      try await reading(context, headers: Self.unstored) { tenant, id, connection in
        let (delivery, address) = try service.delivery(of: id, tenant: tenant, in: connection)
        let answer: JSONValue = [
          "id": .string(id), "courier": .string(delivery.courier), "address": .string(address),
          "status": .string(delivery.status.rawValue),
        ]
        return answer.json
      }
    }
    for (method, path, id, summary, conflicts, fact) in Self.steps {
      router.on(
        method, path,
        OpenAPIOperation(id, summary, tag: "claims", answers: Self.answers(claim, conflicts)),
        access: .roles(.barista, .shopManager)
      ) { _, context in
        let by = try context.requirePrincipal().by
        let (service, now) = (service, now())
        return try await deciding("claim.\(id)", context) { tenant, id, connection in
          try service.decide(fact(by), on: id, tenant: tenant, now: now, in: connection)
        }
      }
    }
  }

  private typealias Step = (
    HTTPRequest.Method, path: String, id: String, summary: String, conflicts: String,
    fact: @Sendable (String) -> ClaimFact
  )

  private static let steps: [Step] = [
    (
      .delete, "/v1/claims/{id}/delivery", "withdrawClaimDelivery",
      "Have it picked up at the counter after all", "claim-processed or claim-canceled.",
      { .deliveryWithdrawn(by: $0) }
    ),
    (
      .post, "/v1/claims/{id}/delivery/pickup", "pickUpClaim",
      "Say that the courier has set out with it",
      "claim-processed, claim-canceled, claim-suspended or claim-not-delivered.",
      { .pickedUp(by: $0) }
    ),
  ]

  // MARK: Handlers

  /// A wrong code is recorded, and its refusal kept as the reply under the key: who repeats the
  /// request, because the answer was lost, has tried once.
  private func process(_ request: Request, _ context: APIContext) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let (text, named) = try body.read { fields in
      (
        try fields.string("code", length: Self.codeBytes),
        try fields.optionalString("by", length: Self.wordBytes)
      )
    }
    guard let code = ClaimCode(text) else {
      throw Problem.invalidField(
        "code", "It must have \(ClaimCode.length) digits and letters without U.")
    }
    let principal = try context.requirePrincipal()
    // A token says who hands over; a program may say so of its people.
    let by = principal.kind == .token ? principal.by : named ?? principal.by
    let (service, now, author) = (service, now(), context.author)
    let reply = try await Idempotency.once(
      key, tenant: tenant, now: now, on: service.database,
      holding: { try service.hold(id, tenant: tenant, in: $0) },
      replying: { connection in
        let answer = try service.show(
          code, for: id, tenant: tenant, by: by, now: now, in: connection)
        switch answer {
        case .processed(let claim):
          try author?.note("claim.process", of: id, now: now, in: connection)
          return .init(status: 200, body: Array(claim.document(telling: nil).utf8))
        case .wrong(let left):
          let members: JSONValue = ["attempts_left": .integer(left)]
          return .init(status: 403, body: members.bytes)
        }
      })
    onEvents()
    guard reply.status == 200 else {
      throw Problem.wrongCode(try JSONValue(parsing: reply.body)["attempts_left"])
    }
    return .json(bytes: reply.body)
  }

  /// - Parameter action: as the audit log calls it
  private func deciding(
    _ action: String, _ context: APIContext,
    _ body: @escaping @Sendable (_ tenant: String, _ id: String, any SQLConnection) throws -> Claim
  ) async throws -> Response {
    let (tenant, id) = (try context.requireTenant(), try context.pathParameter("id"))
    let (database, author, now) = (service.database, context.author, now())
    let text = try await database.groupedWrite(as: tenant) { connection in
      let claim = try body(tenant, id, connection)
      try author?.note(action, of: id, now: now, in: connection)
      return claim.document(telling: nil)
    }
    onEvents()
    return .json(bytes: Array(text.utf8))
  }
}

extension ClaimRefusal: Refusal {
  package var problem: Problem { Problem(self) }
}

extension Problem {
  /// A code that isn't the claim's. The attempt was counted.
  fileprivate static func wrongCode(_ attemptsLeft: JSONValue?) -> Problem {
    let left = attemptsLeft ?? 0
    return Problem(
      .forbidden, "claim-code-wrong", "The code is wrong.",
      left == 0
        ? "The claim is locked now, until its code is renewed." : "Attempts left: \(left.json).",
      extensions: [.init("attempts_left", left)])
  }

  /// The problem that tells why nothing was handed over or changed.
  init(_ refusal: ClaimRefusal) {
    switch refusal {
    case .notFound(let id): self = .notFound("There is no claim \(id.prefix(60)).")
    case .noClaim(let order):
      self = .notFound("There is no claim for an order \(order.prefix(60)).")
    case .processed:
      self = .conflict(
        "claim-processed", "The order was handed over.", "Its code was shown before.")
    case .canceled:
      self = .conflict("claim-canceled", "The claim has ended.", "So has its order.")
    case .suspended:
      self = .conflict(
        "claim-suspended", "The order is held.", "Nothing is handed over until it goes on.")
    case .locked:
      self = .conflict(
        "claim-locked", "Too many wrong codes were shown.", "Its code must be renewed first.")
    case .elsewhere(let region):
      self = Problem(
        .misdirectedRequest, "claim-elsewhere", "Another region decides about the claim.",
        "Ask \(region).", extensions: [.init("region", .string(region))])
    case .noDelivery:
      self = .conflict(
        "claim-not-delivered", "No courier brings it.", "It is picked up, or has been brought.")
    case .codeLost:
      self = .conflict("claim-code-lost", "The claim's code was lost.", "Renew it.")
    // Facts that no client writes itself.
    case .notIssued, .issuedAlready: self = .internal
    }
  }
}
