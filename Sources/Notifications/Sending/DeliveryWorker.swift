package import ChainTypes
package import Database
internal import Synchronization

/// Sends what is in the queues, each target's apart from the others': at most so many at once to
/// one, one at a time to one that fails, and none while it pauses.
///
/// Before a request its delivery is claimed, behind it the outcome is noted: whoever dies between
/// the two has sent something that is sent again. Workers may race: what one has claimed no other
/// begins.
package final class DeliveryWorker: Sendable {
  private let database: any Database
  private let channels: [ChannelName: any DeliveryChannel]
  private let options: DeliveryWorkerOptions
  private let now: @Sendable () -> Timestamp
  private let random: @Sendable () -> UInt64
  private let check: @Sendable (any SQLConnection) throws -> Void
  private let onEvents: @Sendable () -> Void
  private let onReport: @Sendable (DeliveryReport) -> Void
  private let state = Mutex(State())

  private struct State {
    var underWay: [ChannelName: UnderWay] = [:]
    /// Of the `run` that is under way.
    var waker: AsyncStream<Void>.Continuation?
  }

  private struct UnderWay {
    var attempts = 0
    /// Of these, to targets that have been failing.
    var failingAttempts = 0
  }

  /// - Parameters:
  ///   - random: for the jitter of what is tried again
  ///   - check: runs first where deliveries are claimed, and throws where this worker may not go
  ///     on, as when its lease is lost
  ///   - onEvents: called after transactions that may have appended events
  package init(
    database: any Database, channels: [any DeliveryChannel],
    options: DeliveryWorkerOptions = DeliveryWorkerOptions(),
    now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable () -> UInt64,
    check: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in },
    onEvents: @escaping @Sendable () -> Void = {},
    onReport: @escaping @Sendable (DeliveryReport) -> Void = { _ in }
  ) {
    self.database = database
    self.channels = Dictionary(channels.map { ($0.name, $0) }) { first, _ in first }
    self.options = options
    self.now = now
    self.random = random
    self.check = check
    self.onEvents = onEvents
    self.onReport = onReport
  }

  /// Tells that something was enqueued.
  package func wake() { _ = state.withLock { $0.waker?.yield() } }

  /// Works until cancelled, or until `check` refuses to go on with an error that `isFinal`. What
  /// else fails is reported and tried again.
  package func run<C: Clock>(
    clock: C, isFinal: @escaping @Sendable (any Error) -> Bool,
    onError: @escaping @Sendable (any Error) -> Void
  ) async throws where C.Duration == Duration {
    let (wakes, waker) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.waker = waker }
    defer { state.withLock { $0.waker = nil } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      // Ticks, so that what falls due is seen, and what other processes enqueue.
      group.addTask { [options] in
        while !Task.isCancelled {
          waker.yield()
          try? await clock.sleep(for: options.interval)
        }
        waker.finish()
      }
      group.addTask {
        try await withThrowingDiscardingTaskGroup { attempts in
          for await _ in wakes where !Task.isCancelled {
            try? await clock.sleep(for: self.options.gathering)
            do {
              while case let claimed = try await self.claim(), !claimed.isEmpty {
                for delivery in claimed {
                  attempts.addTask { await self.send(delivery, clock, onError) }
                }
              }
            } catch {
              if isFinal(error) || Task.isCancelled { throw error }
              onError(error)
            }
          }
          attempts.cancelAll()
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// Claims what is due and waits until all of it has been attempted; how many those were.
  @discardableResult
  package func step<C: Clock>(
    clock: C, onError: @escaping @Sendable (any Error) -> Void
  ) async throws -> Int where C.Duration == Duration {
    let claimed = try await claim()
    await withDiscardingTaskGroup { attempts in
      for delivery in claimed {
        attempts.addTask { await self.send(delivery, clock, onError) }
      }
    }
    return claimed.count
  }

  // MARK: Claiming

  private func claim() async throws -> [DeliveryQueue.Claim] {
    let (rooms, total) = rooms()
    guard !rooms.isEmpty, total > 0 else { return [] }
    let (names, now, check) = (Array(rooms.keys), now(), check)
    // Most often nothing is due, and asking writes nothing.
    let isDue = try await database.read {
      try DeliveryQueue.isAnythingDue(on: names, at: now, in: $0)
    }
    guard isDue else { return [] }
    let claims = try await database.groupedWrite { connection in
      try check(connection)
      return try DeliveryQueue.claim(rooms, atMost: total, at: now, in: connection)
    }
    for claim in claims { count(claim, by: 1) }
    return claims
  }

  /// The channels that have room, each its own: one that hangs takes none of another's.
  private func rooms() -> ([ChannelName: DeliveryQueue.Room], total: Int) {
    let underWay = state.withLock(\.underWay)
    let rooms = channels.keys.map { name in
      let used = underWay[name] ?? UnderWay()
      return (
        name,
        DeliveryQueue.Room(
          attempts: options.channelAttempts - used.attempts,
          failingAttempts: options.failingAttempts - used.failingAttempts,
          perTarget: options.perTarget)
      )
    }
    return (
      Dictionary(uniqueKeysWithValues: rooms.filter { $0.1.attempts > 0 }),
      options.attempts - underWay.values.reduce(0) { $0 + $1.attempts }
    )
  }

  private func count(_ claim: DeliveryQueue.Claim, by change: Int) {
    state.withLock { state in
      var used = state.underWay[claim.delivery.target.channel] ?? UnderWay()
      used.attempts += change
      if claim.isFailing { used.failingAttempts += change }
      state.underWay[claim.delivery.target.channel] = used
    }
  }

  // MARK: Sending

  private func send<C: Clock>(
    _ claim: DeliveryQueue.Claim, _ clock: C, _ onError: @Sendable (any Error) -> Void
  ) async where C.Duration == Duration {
    defer {
      count(claim, by: -1)
      wake()
    }
    guard let channel = channels[claim.delivery.target.channel] else { return }
    let begun = clock.now
    let outcome = await attempt(claim.delivery, through: channel, clock)
    // Cut off from outside: whoever goes on sends it again.
    guard !Task.isCancelled, let outcome else { return }
    let took = begun.duration(to: clock.now).components
    onReport(
      DeliveryReport(
        channel: channel.name, outcome: outcome.name,
        milliseconds: took.seconds * 1_000 + took.attoseconds / 1_000_000_000_000_000,
        cause: outcome.cause))
    let (now, random) = (now(), random())
    do {
      try await database.groupedWrite { connection in
        try DeliveryQueue.note(
          outcome, of: claim.delivery, through: channel, at: now, random: random, in: connection)
      }
      onEvents()
    } catch {
      // Its claim runs out, and it is sent again.
      onError(error)
    }
  }

  /// Nil where the task was cancelled.
  private func attempt<C: Clock>(
    _ delivery: Delivery, through channel: any DeliveryChannel, _ clock: C
  ) async -> DeliveryOutcome? where C.Duration == Duration {
    await withTaskGroup(of: DeliveryOutcome?.self) { [options] group in
      group.addTask { await channel.attempt(delivery) }
      group.addTask {
        do {
          try await clock.sleep(for: options.attemptTimeout)
          return .retry(AttemptNote("It took too long."))
        } catch {
          return nil
        }
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
  }
}
