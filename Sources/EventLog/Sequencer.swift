package import Database

/// Gives events their `position`, the one order in which everyone reads them.
///
/// A reader that has seen a position never finds an earlier one appear: positions are only given
/// upwards, and each step is a transaction that holds the row with the last one, so that two
/// sequencers do no harm.
///
/// In PostgreSQL transactions commit in another order than they insert, and an unfinished one's
/// events get their positions later than younger ones'. Within a subject the order holds all the
/// same: who appends to it has seen the event before, so that was committed by then and is seen,
/// with its lower number, by every step that sees the later one.
package final class Sequencer: Sendable {
  private let database: any Database
  private let feed: EventFeed?
  private let batchLimit: Int
  private let wakes: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation

  /// `feed` is told of new positions; a step sequences up to `batchLimit` events.
  package init(database: any Database, feed: EventFeed? = nil, batchLimit: Int = 512) {
    precondition(batchLimit > 0, "a step must be able to do something")
    self.database = database
    self.feed = feed
    self.batchLimit = batchLimit
    (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Sequences the waiting events up to the batch limit and returns how many those were.
  @discardableResult
  package func step() async throws -> Int {
    let limit = batchLimit
    let (count, last) = try await database.groupedWrite { connection in
      try Self.step(limit: limit, in: connection)
    }
    feed?.advance(to: last)
    return count
  }

  /// Steps until nothing waits and returns how many events were sequenced.
  @discardableResult
  package func drain() async throws -> Int {
    var total = 0
    while true {
      let count = try await step()
      total += count
      if count < batchLimit { return total }
    }
  }

  /// Tells `run` that events were appended. Costs nothing where it knows already.
  package func wake() { waker.yield() }

  /// Drains whenever woken, and every `interval` for what other processes append, until the task
  /// is cancelled. May be called once. What fails is reported and tried again at the next wake.
  package func run<C: Clock>(
    every interval: C.Duration, clock: C, onError: @Sendable (any Error) -> Void
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [waker] in
        while !Task.isCancelled {
          waker.yield()
          try? await clock.sleep(for: interval)
        }
      }
      for await _ in wakes {
        do {
          try await drain()
        } catch {
          onError(error)
        }
      }
      group.cancelAll()
    }
  }

  private static func step(
    limit: Int, in connection: any SQLConnection
  ) throws -> (count: Int, last: Int64) {
    let dialect = connection.dialect
    let row = try connection.queryFirst(
      "SELECT last_position FROM event_positions WHERE singleton = 1" + dialect.forUpdate)
    let last = try row?.integer("last_position") ?? 0
    let count = try connection.execute(
      """
      UPDATE events SET position = $1 + ranked.rank
      FROM (
        SELECT outbox_id, ROW_NUMBER() OVER (ORDER BY outbox_id) AS rank
        FROM (
          SELECT outbox_id FROM events WHERE position IS NULL
          ORDER BY outbox_id LIMIT $2
        ) AS waiting
      ) AS ranked
      WHERE events.outbox_id = ranked.outbox_id
      """,
      [.integer(last), .integer(Int64(limit))])
    guard count > 0 else { return (0, last) }
    let newLast = last + Int64(count)
    try connection.execute(
      "UPDATE event_positions SET last_position = $1 WHERE singleton = 1", [.integer(newLast)])
    return (count, newLast)
  }
}
