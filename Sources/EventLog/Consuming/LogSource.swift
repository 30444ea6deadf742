package import Database

/// The embedded event log as a source: read in pages by position, woken by the feed.
package actor LogSource: EventSource {
  private let database: any Database
  private let feed: EventFeed
  private let topics: Set<EventTopic>?
  private let gathering: Duration
  /// The position to read next.
  private var next: Int64 = 1
  /// Whether the log may go on behind what was read, whatever the feed knows.
  private var isBehind = true

  /// - Parameters:
  ///   - topics: those wanted, as on Kafka; nil for all events. Whole topics only: a subject's
  ///     events are numbered through.
  ///   - gathering: how long what has come is left for more to come with it: a page and its commit
  ///     cost nearly the same for one event as for dozens
  package init(
    database: any Database, feed: EventFeed, topics: Set<EventTopic>? = nil,
    gathering: Duration = .zero
  ) {
    self.database = database
    self.feed = feed
    self.topics = topics
    self.gathering = gathering
  }

  package func open(
    at places: [EventPartition: Int64], otherwise start: ConsumerStart
  ) async throws -> [EventPartition: Int64] {
    if let place = places[.log] {
      next = max(1, place)
    } else {
      switch start {
      case .beginning: next = 1
      case .now: next = try await database.read { try EventLog.lastPosition(in: $0) } + 1
      }
    }
    isBehind = true
    return [.log: next]
  }

  package func next(limit: Int, waiting: Duration) async throws -> EventBatch? {
    if isBehind || waiting <= .zero {
      let batch = try await page(limit: limit)
      guard batch.next.isEmpty, waiting > .zero else { return batch }
    }
    guard await waitForMore(atMost: waiting) else { return nil }
    if gathering > .zero, feed.position >= next { try? await Task.sleep(for: gathering) }
    // Another process may have sequenced what this one's feed doesn't know of.
    return try await page(limit: limit)
  }

  /// The next page; one without `next` where the log ends here.
  private func page(limit: Int) async throws -> EventBatch {
    let position = next - 1
    let page = try await database.read {
      try EventLog.page(after: position, limit: limit, in: $0)
    }
    isBehind = page.hasMore
    guard page.through > position else { return .empty }
    next = page.through + 1
    let messages = page.events.filter { isWanted($0.event.type) }.map { positioned in
      ReceivedMessage(
        place: EventPlace(.log, positioned.position), key: Array(positioned.event.subject.utf8),
        value: Array(positioned.event.json.utf8))
    }
    return EventBatch(messages: messages, next: [.log: next])
  }

  private func isWanted(_ type: String) -> Bool {
    guard let topics else { return true }
    return EventTopic(eventType: type).map { topics.contains($0) } ?? false
  }

  /// False once the feed has ended.
  private func waitForMore(atMost waiting: Duration) async -> Bool {
    let position = next - 1
    return await withTaskGroup(of: Bool.self) { [feed] group in
      group.addTask {
        await feed.waitForPosition(after: position) != nil || Task.isCancelled
      }
      group.addTask {
        try? await Task.sleep(for: waiting)
        return true
      }
      let first = await group.next() ?? true
      group.cancelAll()
      return first
    }
  }
}
