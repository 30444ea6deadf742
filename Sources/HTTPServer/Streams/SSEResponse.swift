internal import HTTPTypes
package import Hummingbird
internal import Logging
internal import NIOCore

/// One event of a stream (WHATWG HTML, server-sent events).
package struct ServerSentEvent: Sendable, Equatable {
  /// What a client sends as `Last-Event-ID` when it comes back.
  package let id: String?
  package let event: String?
  package let data: String

  package init(id: String?, event: String?, data: String) {
    self.id = id
    self.event = event
    self.data = data
  }

  /// The lines of the event with the empty line that ends it. Line breaks in `id` and `event`
  /// are left out; each line of `data` gets its own field.
  package var text: String {
    var text = ""
    if let id { text += "id: \(Self.oneLine(id))\n" }
    if let event { text += "event: \(Self.oneLine(event))\n" }
    // Only these end a line of a stream; JSON may hold others, such as U+2028, as they are.
    let lines = data.split(omittingEmptySubsequences: false) {
      $0 == "\n" || $0 == "\r" || $0 == "\r\n"
    }
    for line in lines { text += "data: \(line)\n" }
    return text + "\n"
  }

  private static func oneLine(_ text: String) -> String {
    String(text.filter { !$0.isNewline && $0 != "\0" })
  }
}

/// A response that sends events as they come.
package struct SSEResponse: Sendable {
  /// After how long without an event a comment tells that the stream lives. A client that went
  /// away is noticed by it.
  package let heartbeat: Duration
  /// How many heartbeats in a row a client may take nothing before its connection is closed.
  package let stallLimit: Int
  private let signal: ShutdownSignal
  private let sleep: @Sendable (Duration) async throws -> Void

  /// - Parameters:
  ///   - signal: ends all streams
  ///   - sleep: waits for a heartbeat's time
  package init(
    signal: ShutdownSignal, heartbeat: Duration = .seconds(15), stallLimit: Int = 4,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.signal = signal
    self.heartbeat = heartbeat
    self.stallLimit = stallLimit
    self.sleep = sleep
  }

  /// The client's `Last-Event-ID`: a header, or the query's `last_event_id` for clients that
  /// can't set one.
  package static func lastEventID(_ request: Request) -> String? {
    let header = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
    let value = header ?? request.uri.queryParameters.get("last_event_id")
    return value.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Whether the request asks for a stream.
  package static func isAccepted(by request: Request) -> Bool {
    request.headers[.accept]?.lowercased().contains(mediaType) ?? false
  }

  static func isStream(_ response: Response) -> Bool {
    response.headers[.contentType] == mediaType
  }

  /// When a client is to come back after the server has ended.
  private static let retryMilliseconds = 500...3_000

  private static let mediaType = "text/event-stream"

  /// The stream of `events`. It ends with them, with the client, or with the server, which says
  /// when to come back.
  ///
  /// At most one event waits for the client, and the sequence isn't asked for more meanwhile: a
  /// slow client costs what the sequence holds.
  package func response<Events: AsyncSequence & Sendable>(
    _ events: Events, context: APIContext
  ) -> Response where Events.Element == ServerSentEvent {
    let channel = context.channel
    let logger = context.logger
    let body = ResponseBody { [self] writer in
      let handoff = Handoff()
      do {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            do {
              for try await event in events {
                guard await handoff.send(event.text) else { return }
              }
            } catch {
              logger.debug("an event stream failed", metadata: ["error": "\(error)"])
            }
            await handoff.finish()
          }
          group.addTask {
            await signal.wait()
            await handoff.finish()
          }
          group.addTask {
            while (try? await sleep(heartbeat)) != nil {
              guard await handoff.beat() < stallLimit else {
                channel.close(mode: .all, promise: nil)
                return
              }
            }
          }
          defer { group.cancelAll() }
          // A comment first, so that proxies and clients see the stream at once.
          try await writer.write(ByteBuffer(string: ": paywatch\n\n"))
          while let text = await handoff.receive() {
            try await writer.write(ByteBuffer(string: text))
          }
          await handoff.finish()
          // Not all at once: another instance gets them.
          if signal.isRaised {
            let retry = Int.random(in: Self.retryMilliseconds)
            try await writer.write(ByteBuffer(string: "retry: \(retry)\n\n"))
          }
        }
      } catch {
        await handoff.finish()
        throw error
      }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok,
      headers: [.contentType: Self.mediaType, .cacheControl: "no-store"], body: body)
  }
}
