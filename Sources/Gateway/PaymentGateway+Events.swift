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
        parameters: OpenAPIOperation.Parameter.page + [
          .init("type", "Only events of this type."),
          .init("subject", "Only events of this payment, transfer, refund or other subject."),
          .init("Last-Event-ID", in: .header, "The id of the last event that a stream gave."),
          .init("last_event_id", "As the header, for clients of streams that can't set one."),
        ],
        answers: [
          .init(
            200,
            "A page, or a stream whose events have their position as id. A page may be empty "
              + "although the log goes on, where a filter wants few of many.",
            schema: OpenAPIOperation.pageSchema(of: event, growing: true),
            otherMediaTypes: ["text/event-stream"]),
          .problem(
            409,
            "cursor-ahead: the log ends before that position, as after a restore; read from the "
              + "backup's last position, or from 0."),
          .problem(
            410, "cursor-expired: events behind that position aren't kept any more; read from 0."),
        ]),
      access: .roles(.shopManager, .operator, .auditor)
    ) { request, context in try await events(request, context) }
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

  private func events(_ request: Request, _ context: APIContext) async throws -> Response {
    let tenant = try context.requireTenant()
    if SSEResponse.isAccepted(by: request) {
      return try await stream(request, context, tenant: tenant)
    }
    let (page, filter) = try QueryParameters.read(request) { query in
      (try query.page(), try Self.filter(&query, tenant: tenant))
    }
    let after = try position(page.after, "after")
    var found = try await eventPage(of: tenant, after: after, limit: page.limit, filter: filter)
    // A request looks through so much at most; the next one goes on from there.
    for _ in 0..<10 where found.events.isEmpty && found.hasMore {
      found = try await eventPage(
        of: tenant, after: found.through, limit: page.limit, filter: filter)
    }
    // A cursor in any case: the log goes on.
    return .json(
      bytes: JSONPage.bytes(
        of: found.events.map(\.event.json), nextAfter: String(found.through)))
  }

  private func eventPage(
    of tenant: String, after: Int64, limit: Int, filter: EventFilter
  ) async throws -> EventPage {
    do {
      return try await database.read(as: tenant) { connection in
        try EventLog.page(after: after, limit: limit, filter: filter, in: connection)
      }
    } catch EventLogError.positionAhead(let position, let last) {
      throw Problem.conflict(
        "cursor-ahead", "The log doesn't reach that position.",
        "It ends at \(last), before \(position): events after a restored backup were lost. Read "
          + "again from the backup's last position, or from 0; what you know is told by its id.")
    } catch EventLogError.positionRemoved(let position, let removed) {
      throw Problem.gone(
        "cursor-expired", "The events behind that position aren't kept any more.",
        "Those through \(removed) are gone, after \(position): you have missed some. Read again "
          + "from 0, and ask for each payment what became of it.")
    }
  }

  private func stream(
    _ request: Request, _ context: APIContext, tenant: String
  ) async throws -> Response {
    let (page, filter) = try QueryParameters.read(request) { query in
      // Told from unknown parameters here, and read with the header. A stream has no limit.
      _ = try query.string("last_event_id")
      return (try query.page(), try Self.filter(&query, tenant: tenant))
    }
    // A client that comes back repeats its first `after`.
    let last = SSEResponse.lastEventID(request)
    let after = try last.map { try position($0, "Last-Event-ID") } ?? position(page.after, "after")
    // What can't be read is told now: later there is no status to tell it by.
    _ = try await eventPage(of: tenant, after: after, limit: 1, filter: filter)
    let stream = EventStream(
      database: database, feed: feed, tenant: tenant, filter: filter, after: after,
      authenticate: context.reauthenticate)
    return streams.response(stream, context: context)
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
    let (service, after) = (service, try position(page.after, "after"))
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

  private func position(_ text: String?, _ name: String) throws(Problem) -> Int64 {
    guard let text else { return 0 }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let position = Int64(text) else {
      throw .invalidField(name, "It must be a position that an earlier answer gave.")
    }
    return position
  }
}
