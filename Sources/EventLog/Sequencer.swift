package import Database
package import Leases
internal import Synchronization

/// Moves events from PostgreSQL's outbox into the log, which gives them their `position`, the one
/// order in which everyone reads them; and tells the feed how far the log reaches. In SQLite events
/// go into the log themselves.
///
/// A reader that has seen a position never finds an earlier one appear: positions are only given
/// upwards, and each step is a transaction that holds the row with the last one, so that two
/// sequencers do no harm.
///
/// In PostgreSQL transactions commit in another order than they insert, and an unfinished one's
/// events get their positions later than younger ones'. Within a subject the order holds all the
/// same: who appends to it has seen the event before, so that was committed by then and is seen,
/// with its lower number, by every step that sees the later one.
///
/// Where several processes could sequence, one does under a lease.
package final class Sequencer: Sendable {
  private let database: any Database
  private let feed: EventFeed?
  private let batchLimit: Int
  private let gathering: Duration
  /// Of the `run` that is under way.
  private let waker = Mutex<AsyncStream<Void>.Continuation?>(nil)

  /// `feed` is told of new positions; a step sequences up to `batchLimit` events.
  ///
  /// - Parameter gathering: how long `run` leaves what has come for more to come with it: a step is
  ///   a commit, which costs nearly the same for one event as for dozens
  package init(
    database: any Database, feed: EventFeed? = nil, batchLimit: Int = 512,
    gathering: Duration = .milliseconds(10)
  ) {
    precondition(batchLimit > 0, "a step must be able to do something")
    self.gathering = gathering
    self.database = database
    self.feed = feed
    self.batchLimit = batchLimit
  }

  /// Sequences the waiting events up to the batch limit and returns how many those were.
  @discardableResult
  package func step(under lease: Lease? = nil) async throws -> Int {
    let limit = batchLimit
    let (count, last) = try await database.groupedWrite { connection in
      if let lease { try Leases.check(lease, in: connection) }
      return try Self.step(limit: limit, in: connection)
    }
    feed?.advance(to: last)
    return count
  }

  /// Steps until nothing waits and returns how many events were sequenced.
  @discardableResult
  package func drain(under lease: Lease? = nil) async throws -> Int {
    var total = 0
    while true {
      let count = try await step(under: lease)
      total += count
      if count < batchLimit { return total }
    }
  }

  /// Tells `run` that events were appended. Costs nothing where it knows already.
  package func wake() { _ = waker.withLock { $0?.yield() } }

  /// Drains whenever woken, and every `interval` for what other processes append, until the task
  /// is cancelled. Runs once at a time. What fails is reported and tried again at the next wake,
  /// but for a lost lease, which it throws.
  package func run<C: Clock>(
    under lease: Lease? = nil, every interval: Duration, clock: C,
    onError: @Sendable (any Error) -> Void
  ) async throws(LeaseLost) where C.Duration == Duration {
    let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    waker.withLock { $0 = continuation }
    let ticker = Task {
      while !Task.isCancelled {
        continuation.yield()
        try? await clock.sleep(for: interval)
      }
    }
    defer { ticker.cancel() }
    for await _ in wakes {
      try? await clock.sleep(for: gathering)
      do {
        try await drain(under: lease)
      } catch let lost as LeaseLost {
        throw lost
      } catch {
        onError(error)
      }
    }
  }

  private static func step(
    limit: Int, in connection: any SQLConnection
  ) throws -> (count: Int, last: Int64) {
    let row = try connection.queryFirst(
      """
      SELECT last_position, partitioned_through FROM event_positions WHERE singleton = 1
      """ + connection.dialect.forUpdate)
    let last = try row?.integer("last_position") ?? 0
    guard connection.dialect == .postgreSQL else { return (0, last) }
    try EventPartitions.prepare(
      through: last + Int64(limit), existing: try row?.integer("partitioned_through") ?? 0,
      in: connection)
    let count = try connection.execute(
      """
      WITH moved AS (
        DELETE FROM outbox
        WHERE outbox_id IN (SELECT outbox_id FROM outbox ORDER BY outbox_id LIMIT $2)
        RETURNING outbox_id, \(EventLog.columns)
      )
      INSERT INTO events (position, \(EventLog.columns))
      SELECT $1 + ROW_NUMBER() OVER (ORDER BY outbox_id), \(EventLog.columns) FROM moved
      """,
      [.integer(last), .integer(Int64(limit))])
    guard count > 0 else { return (0, last) }
    let newLast = last + Int64(count)
    try connection.execute(
      "UPDATE event_positions SET last_position = $1 WHERE singleton = 1", [.integer(newLast)])
    return (count, newLast)
  }
}
