internal import Database
internal import EventLog
internal import HTTPServer
internal import Hummingbird
internal import Settlement

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
        parameters: OpenAPIOperation.Parameter.page + [
          .init("type", "Only events of this type."),
          .init("subject", "Only events of this payment or transfer."),
          .init("last_event_id", "As the header Last-Event-ID."),
          .init("Last-Event-ID", in: .header, "The position after which a stream goes on."),
        ],
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: event))])
    ) { request, context in try await events(request, context) }
    router.on(
      .get, "/v1/payments/{id}/events",
      OpenAPIOperation(
        "listPaymentEvents", "A payment's events by sequence", tag: "events",
        parameters: OpenAPIOperation.Parameter.page,
        answers: [.init(200, "A page.", schema: OpenAPIOperation.pageSchema(of: event))])
    ) { request, context in try await paymentEvents(request, context) }
  }

  private func events(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let isStream = SSEResponse.isAccepted(by: request)
    let (page, type, subject) = try QueryParameters.read(request) { query in
      _ = try query.string("last_event_id")
      return (try query.page(), try query.string("type"), try query.string("subject"))
    }
    let filter = EventFilter(tenant: tenant, subject: subject, types: type.map { [$0] })
    let cursor = (isStream ? SSEResponse.lastEventID(request) : nil) ?? page.after
    let after = try position(cursor)
    if isStream {
      let stream = EventStream(database: database, feed: feed, filter: filter, after: after)
      return streams.response(stream, context: context)
    }
    let found = try await database.read { connection in
      try EventLog.page(after: after, limit: page.limit, filter: filter, in: connection)
    }
    // A cursor in any case: the log goes on.
    return .json(
      bytes: JSONPage.bytes(
        of: found.events.map(\.event.json), nextAfter: String(found.through)))
  }

  private func paymentEvents(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    let id = try context.pathParameter("id")
    let page = try QueryParameters.read(request) { try $0.page() }
    let (service, after) = (service, try position(page.after))
    let events = try await refusing {
      try await database.read { connection in
        _ = try service.payment(id, tenant: tenant, in: connection)
        return try EventLog.events(
          of: id, afterSequence: after, limit: page.limit, in: connection)
      }
    }
    let next = events.last?.sequence ?? after
    return .json(
      bytes: JSONPage.bytes(of: events.map(\.json), nextAfter: String(next)))
  }

  private func position(_ text: String?) throws(Problem) -> Int64 {
    guard let text else { return 0 }
    guard let position = Int64(text), position >= 0 else {
      throw .invalidField("after", "It must be a position that an earlier answer gave.")
    }
    return position
  }
}
