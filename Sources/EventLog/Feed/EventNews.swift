package import Database
internal import Synchronization

/// Wakes those who wait for events about something when there is one, so that thousands of readers
/// of single orders don't all look into the log whenever it grows: it is read once, for all of them
/// together, and not at all while nobody waits.
package final class EventNews: Sendable {
  private struct State {
    var recent = RecentEvents(after: 0)
    var nextWaiter = 0
    var waiters: [Int: Waiter] = [:]
    /// Numbers of waiters by what they wait for.
    var byKey: [EventKey: Set<Int>] = [:]
    var isFinished = false
    /// Reads the log; nil while nobody waits.
    var reading: Task<Void, Never>?
    /// Tells that task from those before it.
    var readingNumber = 0
  }

  private struct Waiter {
    let key: EventKey
    /// Gets the position up to which nothing about the key has come.
    let continuation: AsyncStream<Int64>.Continuation
  }

  private static let pageSize = 500

  private let state = Mutex(State())

  package init() {}

  package var waiterCount: Int { state.withLock(\.waiters.count) }

  /// Waits until the log may hold an event about `key` behind `position`, and gives the position
  /// behind which to look for it; nil where the feed ended or the task was cancelled.
  ///
  /// - Parameter position: up to which the caller has looked
  package func wait(
    for key: EventKey, after position: Int64, of feed: EventFeed, in database: any Database
  ) async -> Int64? {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Int64.self, bufferingPolicy: .bufferingOldest(1))
    let number: Int? = state.withLock { state in
      guard !state.isFinished else { return nil }
      if state.reading == nil {
        // What came before, whoever waits has looked for, or looks for again.
        state.recent = RecentEvents(after: max(feed.position, position))
      }
      guard !state.recent.mayKnow(key, after: position) else {
        continuation.yield(position)
        return nil
      }
      if state.reading == nil {
        state.readingNumber += 1
        state.reading = Task { [weak self, number = state.readingNumber] in
          await self?.read(feed, in: database, number)
        }
      }
      let number = state.nextWaiter
      state.nextWaiter += 1
      state.waiters[number] = Waiter(key: key, continuation: continuation)
      state.byKey[key, default: []].insert(number)
      return number
    }
    if number == nil { continuation.finish() }
    defer { if let number { remove(number) } }
    for await quiet in stream { return max(quiet, position) }
    return nil
  }

  private func remove(_ number: Int) {
    state.withLock { state in
      guard let waiter = state.waiters.removeValue(forKey: number) else { return }
      state.byKey[waiter.key]?.remove(number)
      if state.byKey[waiter.key]?.isEmpty == true { state.byKey.removeValue(forKey: waiter.key) }
      guard state.waiters.isEmpty else { return }
      state.reading?.cancel()
      state.reading = nil
    }
  }

  /// Ends all waiting.
  func finish() {
    let (waiters, reading) = state.withLock { state in
      state.isFinished = true
      return (state.waiters.values.map(\.continuation), state.reading)
    }
    reading?.cancel()
    for waiter in waiters { waiter.finish() }
  }

  // MARK: Reading

  private func read(_ feed: EventFeed, in database: any Database, _ number: Int) async {
    for await position in feed.changes() {
      while let through = through(number), through < position {
        do {
          let page = try await database.read {
            try EventLog.keys(after: through, limit: Self.pageSize, in: $0)
          }
          note(page, number)
        } catch EventLogError.positionRemoved {
          skip(to: position, number)
        } catch {
          guard !Task.isCancelled else { return }
          // The database can't be reached: whoever waits sees that itself.
          skip(to: position, number)
        }
      }
    }
  }

  /// Nil for a task that another has replaced.
  private func through(_ number: Int) -> Int64? {
    state.withLock { $0.readingNumber == number ? $0.recent.through : nil }
  }

  private func note(_ page: EventKeyPage, _ number: Int) {
    state.withLock { state in
      guard state.readingNumber == number else { return }
      for event in page.events {
        state.recent.note(event.keys, at: event.position)
        for key in event.keys {
          for waiter in state.byKey[key] ?? [] {
            // Only the first one is kept.
            state.waiters[waiter]?.continuation.yield(event.position - 1)
          }
        }
      }
      state.recent.reach(page.through)
    }
  }

  /// Lets everybody look for themselves: what came up to `position` isn't known.
  private func skip(to position: Int64, _ number: Int) {
    state.withLock { state in
      guard state.readingNumber == number else { return }
      state.recent = RecentEvents(after: position)
      for waiter in state.waiters.values { waiter.continuation.yield(0) }
    }
  }
}
