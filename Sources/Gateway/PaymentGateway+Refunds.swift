internal import Audit
internal import Bytes
internal import ChainTypes
internal import Database
internal import EventLog
internal import HTTPServer
internal import Hummingbird
internal import Payments
internal import Settlement
internal import Tenancy

// Sending money back.
extension PaymentGateway {
  func registerRefunds(on router: APIRouter) {
    let refund = OpenAPIDocument.reference("Refund")
    router.on(
      .post, "/v1/payments/{id}/refunds",
      OpenAPIOperation(
        "requestRefund", "Send back what a payment received, or a part of it", tag: "refunds",
        requestSchema: Schemas.newRefund, isIdempotent: true,
        answers: [
          .init(201, "The refund.", schema: refund), .problem(404, "not-found."),
          .problem(
            409,
            "nothing-to-refund, exceeds-receipts with left_minor, amount-too-small, "
              + "chain-not-configured, or idempotency-key-reused."),
        ]),
      access: .roles(.shopManager)
    ) { request, context in try await requestRefund(request, context) }
    router.on(
      .get, "/v1/refunds",
      OpenAPIOperation(
        "listRefunds", "Refunds by their ids, which begin with the time of the request",
        tag: "refunds",
        parameters: OpenAPIOperation.Parameter.page + [
          .init("payment_id", "Only those of this payment."),
          .init("status", "Only those with this status.", schema: RefundSchemas.status),
        ],
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: refund))]),
      access: Self.reading
    ) { request, context in try await listRefunds(request, context) }
    let found: [OpenAPIOperation.Answer] = [
      .init(200, "The refund.", schema: refund), .problem(404, "not-found."),
    ]
    router.on(
      .get, "/v1/refunds/{id}",
      OpenAPIOperation("getRefund", "A refund", tag: "refunds", answers: found),
      access: Self.reading
    ) { _, context in try await showRefund(context) }
    router.on(
      .post, "/v1/refunds/{id}/cancel",
      OpenAPIOperation(
        "cancelRefund", "Withdraw a refund for which no transaction has been made",
        tag: "refunds", answers: found + [.problem(409, "not-cancelable.")]),
      access: .roles(.shopManager, .finance)
    ) { _, context in try await cancelRefund(context) }
    router.on(
      .post, "/v1/refunds/{id}/approve",
      OpenAPIOperation(
        "approveRefund",
        "Approve a refund: a person in their own name, or with a listed approver's signature",
        tag: "refunds", requestSchema: Schemas.approval,
        answers: found + [.problem(409, "unknown-approver, same-approver or not-approvable.")]),
      access: .roles(.finance)
    ) { request, context in try await approveRefund(request, context) }
  }

  // MARK: Requesting

  /// A request as its body has it: how much `units` are, the payment's asset tells.
  private struct WantedRefund: Sendable {
    var request: RefundRequest
    var units: String?
  }

  private func requestRefund(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let body = try await JSONRequestBody(request)
    let key = try IdempotencyKey(request, body: body.bytes)
    let by = try context.requirePrincipal().by
    let wanted = try body.read { fields in
      try Self.newRefund(&fields, payment: id, by: by)
    }
    let (service, now, author) = (service.refunds, now(), context.author)
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    let reply = try await refusing {
      try await Idempotency.once(
        key, tenant: tenant, now: now, on: database,
        holding: { _ = try PaymentRecords.load(id, in: $0) }
      ) { connection in
        var request = wanted.request
        if let units = wanted.units {
          let terms = try PaymentRecords.load(id, locking: false, in: connection)?.terms
          if let terms, terms.tenant == tenant {
            request.amount = try Problem.minorUnits("amount", units, of: terms.asset)
          }
        }
        let refund = try service.request(
          request, tenant: tenant, now: now, random: random, in: connection)
        try author?.note(requested: refund.terms, now: now, in: connection)
        return try RefundDocument.json(of: refund)
      }
    }
    onEvents()
    return .json(bytes: reply.body, status: .init(code: reply.status))
  }

  private static func newRefund(
    _ fields: inout JSONFields, payment: String, by name: String
  ) throws -> WantedRefund {
    guard let kind = RefundTerms.Kind(rawValue: try fields.string("kind")) else {
      let known = RefundTerms.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem.invalidField("kind", "It must be one of \(known).")
    }
    let units = try fields.optionalString("amount", length: 1...120)
    let minor = try fields.optionalString("amount_minor", length: 1...78)
    if let field = units != nil ? "amount" : minor != nil ? "amount_minor" : nil {
      guard kind == .partial else {
        throw Problem.invalidField(field, "Only a partial refund has one.")
      }
      guard units == nil || minor == nil else {
        throw Problem.invalidField("amount_minor", "It stands alone: leave it out, or amount.")
      }
    }
    let amount = try minor.map { text in
      guard let amount = try? UInt256(decimal: text) else {
        throw Problem.invalidField("amount_minor", "It must be a whole number of minor units.")
      }
      return amount
    }
    // What is missing can be said without the payment, whose asset the units are of.
    guard kind != .partial || units != nil || minor != nil else {
      throw Problem(RefundRefusal.amountMissing)
    }
    let request = try RefundRequest(
      payment: payment, kind: kind, amount: amount,
      address: fields.optionalString("address", length: 1...addressLimit),
      attestation: attestation(&fields), requestedBy: name,
      reason: fields.optionalString("reason", length: 1...PaymentFact.maximumReasonBytes))
    return WantedRefund(request: request, units: units)
  }

  private static func attestation(_ fields: inout JSONFields) throws -> RefundAttestation? {
    guard let value = fields.optional("attestation") else { return nil }
    return try JSONFields.read(value, path: "attestation") { fields in
      guard let kind = RefundAttestation.Kind(rawValue: try fields.string("kind")) else {
        let known = RefundAttestation.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw Problem.invalidField("attestation.kind", "It must be one of \(known).")
      }
      return try RefundAttestation(
        kind: kind, signer: fields.string("signer", length: 1...addressLimit),
        message: fields.string("message"),
        signature: fields.string(
          "signature", length: 1...RefundAttestation.maximumSignatureBytes))
    }
  }

  // MARK: Reading

  private func showRefund(_ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let service = service.refunds
    let text = try await refusing {
      try await database.read(as: tenant) { connection in
        guard let refund = try service.refund(id, tenant: tenant, in: connection) else {
          throw RefundRefusal.notFound(id)
        }
        return try RefundDocument.json(of: refund)
      }
    }
    return .json(bytes: Array(text.utf8))
  }

  private func listRefunds(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let (page, payment, status) = try QueryParameters.read(request) { query in
      let page = try query.page()
      if let after = page.after, Identifier(after, prefix: "ref") == nil {
        throw Problem.invalidField(
          "after", "It must be the id of a refund, as next_after gives it.")
      }
      return (
        page, try query.string("payment_id"),
        try query.choice("status", of: RefundStatus.allCases.map(\.rawValue))
      )
    }
    let service = service.refunds
    let texts = try await database.read(as: tenant) { connection in
      try service.refunds(
        tenant: tenant, payment: payment, status: status.flatMap(RefundStatus.init(rawValue:)),
        after: page.after, limit: page.limit + 1, in: connection
      ).map { ($0.terms.id, try RefundDocument.json(of: $0)) }
    }
    return JSONPage.response(of: texts, limit: page.limit)
  }

  // MARK: Withdrawing

  /// One that is canceled already stays as it is, so that a client that didn't get its answer can
  /// ask again.
  private func cancelRefund(_ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let (service, now, author) = (service.refunds, now(), context.author)
    let fact = RefundFact.canceled(by: try context.requirePrincipal().by)
    let text = try await refusing {
      try await database.groupedWrite(as: tenant) { connection in
        let before = try service.refund(id, tenant: tenant, in: connection)
        if let before, before.status == .canceled { return try RefundDocument.json(of: before) }
        let refund = try service.decide(
          fact, on: id, tenant: tenant, now: now, in: connection)
        try author?.note(fact, of: id, now: now, in: connection)
        return try RefundDocument.json(of: refund)
      }
    }
    onEvents()
    return .json(bytes: Array(text.utf8))
  }

  // MARK: Approving

  /// A key of the tenant's approves nothing by itself: only people do, whose own keys are listed.
  /// Who has a token approves in the name that it shows, and signs besides where approvers are
  /// listed.
  private func approveRefund(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let principal = try context.requirePrincipal()
    let (name, signature) = try await JSONRequestBody(request).read { fields in
      (
        try Self.approver(&fields, principal),
        try Self.signature(&fields, principal)
      )
    }
    let (service, now, author) = (service.refunds, now(), context.author)
    let text = try await refusing {
      do {
        return try await database.groupedWrite(as: tenant) { connection in
          let refund = try service.approve(
            id, by: name, signature: signature, tenant: tenant,
            needingProof: principal.kind == .key, now: now, in: connection)
          try author?.note(
            .approved(by: name, proof: refund.approvals.last?.proof), of: id, now: now,
            in: connection)
          return try RefundDocument.json(of: refund)
        }
      } catch RefundRefusal.notPossible(let status) {
        throw Problem.conflict(
          "not-approvable", "The refund can't be approved.", "It is \(status.rawValue).")
      }
    }
    onEvents()
    return .json(bytes: Array(text.utf8))
  }

  private static func approver(
    _ fields: inout JSONFields, _ principal: Principal
  ) throws(Problem) -> String {
    guard principal.kind == .token else {
      return try fields.string("by", length: 1...PaymentFact.maximumByBytes)
    }
    let by = try fields.optionalString("by", length: 1...PaymentFact.maximumByBytes)
    guard by == nil || by == principal.subject else {
      throw .invalidField("by", "The token is \(principal.subject)'s, who approves.")
    }
    return principal.subject
  }

  private static func signature(
    _ fields: inout JSONFields, _ principal: Principal
  ) throws(Problem) -> String? {
    let length = 1...RefundAttestation.maximumSignatureBytes
    return principal.kind == .token
      ? try fields.optionalString("signature", length: length)
      : try fields.string("signature", length: length)
  }
}
