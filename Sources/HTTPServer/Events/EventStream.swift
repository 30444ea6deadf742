internal import Database
internal import EventLog

/// The events after a position, and then those that come: read in pages, waited for in between.
struct EventStream: AsyncSequence, Sendable {
  typealias Element = ServerSentEvent

  let database: any Database
  let feed: EventFeed
  let tenant: String
  let read: EventReading
  /// What all its events are about.
  let key: EventKey
  let after: Int64
  /// Throws where the client may see no more.
  let authenticate: @Sendable () async throws -> Void

  func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

  struct Iterator: AsyncIteratorProtocol {
    /// Events in memory for each stream, which may be as large as events get.
    private static let page = 16

    private let stream: EventStream
    private var waiting: ArraySlice<PositionedEvent> = []
    private var position: Int64

    init(stream: EventStream) {
      self.stream = stream
      position = stream.after
    }

    mutating func next() async throws -> ServerSentEvent? {
      while true {
        try await stream.authenticate()
        if let event = waiting.popFirst() {
          return ServerSentEvent(
            id: String(event.position), event: event.event.type, data: event.event.json)
        }
        let (read, after) = (stream.read, position)
        let page = try await stream.database.read(as: stream.tenant) {
          try read(after, Self.page, $0)
        }
        position = page.through
        waiting = page.events[...]
        if waiting.isEmpty, !page.hasMore {
          let quiet = await stream.feed.news.wait(
            for: stream.key, after: position, of: stream.feed, in: stream.database)
          guard let quiet else { return nil }
          // What retention removes meanwhile was nothing to this stream.
          position = quiet
        }
      }
    }
  }
}
