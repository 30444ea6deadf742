internal import Database
internal import EventLog
internal import HTTPServer
internal import Hummingbird
internal import Settlement
internal import Tenancy

// The event log over HTTP: pages, and streams that resume.
extension PaymentGateway {
  func registerEvents(on router: APIRouter) {
    let event = OpenAPIDocument.reference("Event")
    router.on(
      .get, "/v1/events",
      OpenAPIOperation(
        "listEvents",
        "The tenant's events by position; with Accept: text/event-stream as server-sent events "
          + "that resume after Last-Event-ID",
        tag: "events",
        parameters: EventAnswers.parameters + [
          .init("type", "Only events of this type."),
          .init("subject", "Only events of this payment, transfer, refund or other subject."),
        ],
        answers: EventAnswers.answers),
      access: .roles(.shopManager, .operator, .auditor)
    ) { request, context in
      try await EventAnswers(database: database, feed: feed, streams: streams).answer(
        request, context
      ) { query in
        let tenant = try context.requireTenant()
        let filter = try Self.filter(&query, tenant: tenant)
        let key: EventKey =
          if let subject = filter.subject {
            .subject(subject)
          } else if let types = filter.types, let type = types.first, types.count == 1 {
            .type(type, tenant: tenant)
          } else {
            .tenant(tenant)
          }
        return (key, { try EventLog.page(after: $0, limit: $1, filter: filter, in: $2) })
      }
    }
    router.on(
      .get, "/v1/payments/{id}/events",
      OpenAPIOperation(
        "listPaymentEvents", "A payment's events by sequence", tag: "events",
        parameters: OpenAPIOperation.Parameter.page,
        answers: [
          .init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: event, growing: true)),
          .problem(404, "not-found."),
        ]),
      access: Self.reading
    ) { request, context in try await paymentEvents(request, context) }
  }

  private static func filter(
    _ query: inout QueryParameters, tenant: String
  ) throws(Problem) -> EventFilter {
    let type = try query.string("type")
    return EventFilter(
      tenant: tenant, subject: try query.string("subject"), types: type.map { [$0] })
  }

  private func paymentEvents(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let page = try QueryParameters.read(request) { try $0.page() }
    let (service, after) = (service, try EventAnswers.position(page.after, "after"))
    let events = try await refusing {
      try await database.read(as: tenant) { connection in
        _ = try service.payment(id, tenant: tenant, in: connection)
        return try EventLog.events(
          of: id, afterSequence: after, limit: page.limit, in: connection)
      }
    }
    let next = events.last?.sequence ?? after
    return .json(
      bytes: JSONPage.bytes(of: events.map(\.json), nextAfter: String(next)))
  }
}
