package import Database
package import EventLog
package import Hummingbird
package import JSON

/// Wanted events after a position, up to a number of them.
package typealias EventReading =
  @Sendable (_ after: Int64, _ limit: Int, _ connection: any SQLConnection) throws -> EventPage

/// The event log over HTTP: pages, and streams that resume.
package struct EventAnswers: Sendable {
  let database: any Database
  let feed: EventFeed
  let streams: SSEResponse

  package init(database: any Database, feed: EventFeed, streams: SSEResponse) {
    self.database = database
    self.feed = feed
    self.streams = streams
  }

  /// An event, under the name `Event`.
  package static let schema = EventFamily.envelope(
    type: JSONSchema.text, subject: "The id of what it happened to.",
    data: [
      "type": "object",
      "description": .string(
        "The Payment, Refund, Order or Supply as it was then, with its step; or the transfer's step."
      ),
    ], tenant: .always, description: "A CloudEvents 1.0 event.")

  /// What such a route takes beside its own parameters.
  package static let parameters =
    OpenAPIOperation.Parameter.page + [
      .init("Last-Event-ID", in: .header, "The id of the last event that a stream gave."),
      .init("last_event_id", "As the header, for clients of streams that can't set one."),
    ]

  /// What such a route answers.
  package static let answers: [OpenAPIOperation.Answer] = [
    .init(
      200,
      "A page, or a stream whose events have their position as id. A page may be empty "
        + "although the log goes on, where a filter wants few of many, and shorter than asked for "
        + "where events are large.",
      schema: OpenAPIOperation.pageSchema(of: OpenAPIDocument.reference("Event"), growing: true),
      otherMediaTypes: ["text/event-stream"]),
    .problem(
      409,
      "cursor-ahead: the log ends before that position, as after a restore; read from the "
        + "backup's last position, or from 0."),
    .problem(
      410, "cursor-expired: events behind that position aren't kept any more; read from 0."),
  ]

  /// A page of the tenant's events, or where the request asks for it a stream that goes on.
  ///
  /// - Parameter reading: takes the query's own parameters and gives what is read, with what all
  ///   of that is about. It runs on behalf of the tenant, for every page anew.
  package func answer(
    _ request: Request, _ context: APIContext,
    _ reading: (inout QueryParameters) throws -> (EventKey, EventReading)
  ) async throws -> Response {
    let tenant = try context.requireTenant()
    let isStream = SSEResponse.isAccepted(by: request)
    let (page, (key, read)) = try QueryParameters.read(request) { query in
      // Told from unknown parameters here, and read with the header. A stream has no limit.
      if isStream { _ = try query.string("last_event_id") }
      return (try query.page(), try reading(&query))
    }
    guard isStream else {
      let after = try Self.position(page.after, "after")
      return try await self.page(after: after, limit: page.limit, of: tenant, read)
    }
    // A client that comes back repeats its first `after`.
    let last = SSEResponse.lastEventID(request)
    let after =
      try last.map { try Self.position($0, "Last-Event-ID") }
      ?? Self.position(page.after, "after")
    // What can't be read is told now: later there is no status to tell it by.
    _ = try await events(after: after, limit: 1, of: tenant, read)
    let stream = EventStream(
      database: database, feed: feed, tenant: tenant, read: read, key: key, after: after,
      authenticate: context.reauthenticate)
    return streams.response(stream, context: context)
  }

  private func page(
    after: Int64, limit: Int, of tenant: String, _ read: @escaping EventReading
  ) async throws -> Response {
    var found = try await events(after: after, limit: limit, of: tenant, read)
    // A request looks through so much at most; the next one goes on from there.
    for _ in 0..<10 where found.events.isEmpty && found.hasMore {
      found = try await events(after: found.through, limit: limit, of: tenant, read)
    }
    // A cursor in any case: the log goes on.
    return .json(
      bytes: JSONPage.bytes(
        of: found.events.map(\.event.json), nextAfter: String(found.through)))
  }

  private func events(
    after: Int64, limit: Int, of tenant: String, _ read: @escaping EventReading
  ) async throws -> EventPage {
    do {
      return try await database.read(as: tenant) { try read(after, limit, $0) }
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

  /// A cursor of events: a number from 0.
  package static func position(_ text: String?, _ name: String) throws(Problem) -> Int64 {
    guard let text else { return 0 }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let position = Int64(text) else {
      throw .invalidField(name, "It must be a position that an earlier answer gave.")
    }
    return position
  }
}
