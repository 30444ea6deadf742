internal import Audit
internal import HTTPServer
internal import Hummingbird
internal import JSON
internal import Tenancy

// What is decided where an order doesn't go as it should, and once it has ended.
extension OrderRoutes {
  private enum Action: String, CaseIterable { case reserve, substitute, accept, waive }

  func registerResolutions(on router: APIRouter, _ order: JSONValue) {
    router.on(
      .post, "/v1/orders/{id}/resolve",
      OpenAPIOperation(
        "resolveOrder", "Say how an order goes on that needs attention", tag: "orders",
        requestSchema: OrderSchemas.resolution,
        answers: [
          .init(200, "The order afterwards.", schema: order), .problem(404, "not-found."),
          .problem(409, "order-not-resolvable: it doesn't wait for such a decision."),
        ]), access: Self.resolving
    ) { request, context in
      let by = try context.requirePrincipal().by
      let body = try await JSONRequestBody(request)
      return try await decide("order.resolve", by: context.author, context) { order in
        try body.read { try Self.resolution(&$0, of: order, by: by) }
      }
    }
    router.on(
      .delete, "/v1/orders/{id}",
      OpenAPIOperation(
        "forgetOrder", "Forget what an order that has ended says of people", tag: "orders",
        answers: [
          .init(200, "The order without those words.", schema: order),
          .problem(404, "not-found."),
          .problem(409, "order-not-forgettable: it goes on, or needs attention."),
        ]), access: Self.resolving
    ) { _, context in
      let by = try context.requirePrincipal().by
      return try await decide("order.forget", by: context.author, context) { _ in
        .forgotten(by: by)
      }
    }
  }

  /// Once it is forgotten whose an order was, its customer's are no more.
  private static let resolving = RouteAccess.roles(.shopManager)

  private static func resolution(
    _ fields: inout JSONFields, of order: Order, by: String
  ) throws -> OrderFact {
    let word = try fields.string("action", length: 1...20)
    let note = try fields.optionalString("note", length: noteBytes)
    switch Action(rawValue: word) {
    case .reserve: return .stockResolved(.reserved, by: by, note: note)
    case .substitute:
      let items = try Self.items(&fields, in: order.terms.currency)
      return .stockResolved(.substituted(items), by: by, note: note)
    case .accept: return .stockResolved(.accepted, by: by, note: note)
    case .waive: return .refundWaived(by: by, note: note)
    case nil:
      let known = Action.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem.invalidField("action", "It must be one of \(known).")
    }
  }
}
