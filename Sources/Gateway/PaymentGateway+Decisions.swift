internal import Bytes
internal import Database
internal import HTTPServer
internal import Hummingbird
internal import Payments
internal import Settlement

// What a shop or its operator decides about a payment.
extension PaymentGateway {
  func registerDecisions(on router: APIRouter) {
    let answers: [OpenAPIOperation.Answer] = [
      .init(200, "The payment afterwards.", schema: OpenAPIDocument.reference("Payment"))
    ]
    router.on(
      .post, "/v1/payments/{id}/cancel",
      OpenAPIOperation(
        "cancelPayment", "Withdraw a payment to which no money has come", tag: "payments",
        answers: answers)
    ) { _, context in
      let tenant = try context.requireTenant()
      return try await decide(.canceled(by: "tenant:\(tenant)"), context, repeating: .canceled)
    }
    router.on(
      .post, "/v1/payments/{id}/resolve",
      OpenAPIOperation(
        "resolvePayment", "Accept what came, or close a payment", tag: "payments",
        requestSchema: Schemas.resolution, answers: answers)
    ) { request, context in
      let tenant = try context.requireTenant()
      let body = try await JSONRequestBody(request)
      let fact = try body.read { fields in try resolution(&fields, by: "tenant:\(tenant)") }
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
      return .resolved(by: by, reason: try fields.string("reason", length: 1...500))
    default:
      throw Problem.invalidField("action", "It must be accept or close.")
    }
  }

  /// - Parameter repeating: the status in which the decision was made before, so that repeating it
  ///   changes nothing
  private func decide(
    _ fact: PaymentFact, _ context: APIContext, repeating: PaymentStatus? = nil
  ) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let (service, now) = (service, now())
    let text = try await refusing {
      try await database.groupedWrite { connection in
        if let repeating {
          let payment = try service.payment(id, tenant: tenant, in: connection)
          if payment.status == repeating { return try PaymentDocument.json(of: payment) }
        }
        do {
          let payment = try service.decide(fact, on: id, tenant: tenant, now: now, in: connection)
          return try PaymentDocument.json(of: payment)
        } catch let error as PaymentError {
          throw PaymentErrorReply(problem: Problem(error))
        }
      }
    }
    onEvents()
    return .json(bytes: Array(text.utf8))
  }
}
