internal import Audit
internal import Bytes
internal import Database
internal import HTTPServer
internal import Hummingbird
internal import JSON
internal import Payments
internal import Settlement
internal import Tenancy

// What a shop or its operator decides about a payment.
extension PaymentGateway {
  func registerDecisions(on router: APIRouter) {
    func answers(_ conflicts: String) -> [OpenAPIOperation.Answer] {
      [
        .init(200, "The payment afterwards.", schema: OpenAPIDocument.reference("Payment")),
        .problem(404, "not-found."), .problem(409, conflicts),
      ]
    }
    router.on(
      .post, "/v1/payments/{id}/cancel",
      OpenAPIOperation(
        "cancelPayment", "Withdraw a payment to which no money has come", tag: "payments",
        answers: answers("not-cancelable.")),
      access: .roles(.shopManager)
    ) { _, context in
      try await decide(.canceled(by: context.requirePrincipal().by), context)
    }
    router.on(
      .post, "/v1/payments/{id}/resolve",
      OpenAPIOperation(
        "resolvePayment", "Accept what came, or close a payment", tag: "payments",
        requestSchema: Schemas.resolution,
        answers: answers("nothing-to-accept or not-resolvable.")),
      access: .roles(.shopManager)
    ) { request, context in
      let by = try context.requirePrincipal().by
      let body = try await JSONRequestBody(request)
      let fact = try body.read { fields in try resolution(&fields, by: by) }
      return try await decide(fact, context)
    }
  }

  private func resolution(_ fields: inout JSONFields, by: String) throws -> PaymentFact {
    switch try fields.string("action") {
    case "accept":
      let text = try fields.string("due_minor", length: 1...78)
      guard let due = try? UInt256(decimal: text) else {
        throw Problem.invalidField("due_minor", "It must be a whole number of minor units.")
      }
      return .accepted(due: due, by: by)
    case "close":
      return .resolved(
        by: by, reason: try fields.string("reason", length: 1...PaymentFact.maximumReasonBytes))
    default:
      throw Problem.invalidField("action", "It must be accept or close.")
    }
  }

  /// Applies the decision. One that stands already changes nothing, so that a client that didn't
  /// get its answer can repeat it.
  private func decide(_ fact: PaymentFact, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let (service, now, author) = (service, now(), context.author)
    let text = try await refusing {
      try await database.groupedWrite(as: tenant) { connection in
        let before = try service.payment(id, tenant: tenant, in: connection)
        if Self.stands(fact, in: before) { return try PaymentDocument.json(of: before) }
        do {
          let payment = try service.decide(fact, on: id, tenant: tenant, now: now, in: connection)
          try author?.note(fact, of: id, now: now, in: connection)
          return try PaymentDocument.json(of: payment)
        } catch let error as PaymentError {
          throw PaymentErrorReply(problem: Problem(error))
        }
      }
    }
    onEvents()
    return .json(bytes: Array(text.utf8))
  }

  private static func stands(_ decision: PaymentFact, in payment: Payment) -> Bool {
    switch decision {
    case .canceled: payment.status == .canceled
    case .accepted(let due, let by):
      // Repeated after a resolution it may mean money that came since.
      payment.status != .resolved && payment.acceptance?.due == due && payment.acceptance?.by == by
    case .resolved(let by, let reason):
      payment.status == .resolved && payment.resolution?.by == by
        && payment.resolution?.reason == reason
    case .observed, .deadlinePassed, .refundRequested, .refundChanged: false
    }
  }
}
