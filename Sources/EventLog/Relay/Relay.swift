package import Database
internal import Synchronization

/// Moves events from the log to the brokers: each one exactly once, and those of a key in order.
///
/// It reads pages behind its cursor, sends each as one transaction, and writes the cursor once that
/// is committed. Between those two a crash may come; so a relay starts by looking at what the
/// partitions end with, and leaves out what is there. Whatever fails, it starts so again: there is
/// one way of going on, after a crash as after an error.
package final class Relay: Sendable {
  /// Called in every transaction that the relay writes, or that reads what it is about to send;
  /// throws where the lease on relaying is lost.
  package typealias LeaseCheck = @Sendable (any SQLConnection) throws -> Void

  private let database: any Database
  private let sink: any EventSink
  private let options: RelayOptions
  private let check: LeaseCheck
  private let glance: LeaseCheck
  private let state = Mutex(RelayStatus())
  private let wakes: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation

  /// - Parameters:
  ///   - check: for writes, which it keeps others from taking the lease before
  ///   - glance: for reads. Who has slept past its lease doesn't even try to send, and needn't be
  ///     put out by the brokers
  package init(
    database: any Database, sink: any EventSink, options: RelayOptions = RelayOptions(),
    check: @escaping LeaseCheck, glance: @escaping LeaseCheck = { _ in }
  ) {
    self.database = database
    self.sink = sink
    self.options = options
    self.check = Self.telling(check)
    self.glance = Self.telling(glance)
    (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  private static func telling(_ check: @escaping LeaseCheck) -> LeaseCheck {
    { connection in
      do {
        try check(connection)
      } catch let error as DatabaseError {
        throw error
      } catch {
        throw RelayError.leaseLost("\(error)")
      }
    }
  }

  package var status: RelayStatus { state.withLock { $0 } }

  /// Tells `run` that events were sequenced. Costs nothing where it knows already.
  package func wake() { waker.yield() }

  /// Relays until the task is cancelled, looking for events whenever woken and every `interval`.
  /// May be called once.
  ///
  /// What may pass is tried again, less and less often. Throws what can't: a `RelayError`, or
  /// `DatabaseError.closed`.
  package func run<C: Clock>(every interval: C.Duration, clock: C) async throws
  where C.Duration == Duration {
    defer { state.withLock { $0.phase = .stopped } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [waker] in
        while !Task.isCancelled {
          waker.yield()
          try? await clock.sleep(for: interval)
        }
      }
      defer { group.cancelAll() }
      var wakes = wakes.makeAsyncIterator()
      while !Task.isCancelled {
        do {
          try await runSession(&wakes)
        } catch let error where Task.isCancelled && !(error is RelayError) {
          return
        } catch {
          let pause = try pause(after: error)
          try? await clock.sleep(for: pause)
        }
      }
    }
  }

  /// How long to wait after `error`; throws what no waiting mends.
  private func pause(after error: any Error) throws -> Duration {
    let failures = state.withLock { state in
      state.phase = .retrying
      state.failures += 1
      state.lastError = "\(error)"
      return state.failures
    }
    switch error {
    case let error as RelayError: throw error
    case EventSinkError.fenced(let reason): throw RelayError.fenced(reason)
    case DatabaseError.closed: throw error
    default: return options.pause(afterFailures: failures)
    }
  }

  /// One producer's time: from taking its place to the first error, or the task's end.
  private func runSession(_ wakes: inout AsyncStream<Void>.Iterator) async throws {
    state.withLock { $0.phase = .starting }
    // A relay without the lease must not put the holder's producer out.
    try await database.write(check)
    let session = try await sink.open()
    do {
      try await relay(to: session, &wakes)
    } catch {
      await session.close()
      throw error
    }
    await session.close()
  }

  private func relay(
    to session: any EventSinkSession, _ wakes: inout AsyncStream<Void>.Iterator
  ) async throws {
    let plan = try await begin(at: session.state)
    state.withLock {
      $0.phase = .running
      $0.cursor = plan.cursor
    }
    var cursor = plan.cursor
    var prepared = try await prepare(after: cursor, plan)
    while !Task.isCancelled {
      guard let page = prepared else {
        state.withLock { $0.succeeded(through: cursor) }
        guard await wakes.next() != nil else { return }
        prepared = try await prepare(after: cursor, plan)
        continue
      }
      // Read and written out while this one is under way.
      async let following = prepare(after: page.through, plan)
      if !page.batch.messages.isEmpty { try await session.publish(page.batch) }
      try await advance(from: cursor, to: page.through)
      cursor = page.through
      state.withLock { $0.succeeded(through: cursor, sending: page.batch.messages.count) }
      prepared = try await following
    }
  }

  /// Compares what is at the brokers with the database, and keeps the counts of new partitions.
  private func begin(at found: SinkState) async throws -> RelayPlan {
    let epoch = options.epoch
    return try await database.write { [check] connection in
      try check(connection)
      let record = try RelayRecords.read(
        idsAt: Set(found.tails.values.map(\.place.position)), in: connection)
      let plan = try RelayPlan(record, at: found, epoch: epoch)
      try RelayRecords.record(found.partitions, in: connection)
      return plan
    }
  }

  private struct Prepared: Sendable {
    let batch: RelayBatch
    let through: Int64
  }

  /// The next page's messages, written out on the reader's thread.
  private func prepare(after cursor: Int64, _ plan: RelayPlan) async throws -> Prepared? {
    try await database.read { [options, glance] connection in
      try glance(connection)
      let page = try RelayPage.next(
        after: cursor, limit: options.pageLimit, byteLimit: options.pageByteLimit, in: connection)
      guard let page else { return nil }
      var batch = RelayBatch(epoch: plan.epoch)
      batch.reserve(events: Int(page.through - cursor), dataBytes: page.byteCount)
      try EventLog.forEachEvent(after: cursor, through: page.through, in: connection) {
        try plan.add($0, at: try $0.position, to: &batch)
      }
      batch.sort()
      return Prepared(batch: batch, through: page.through)
    }
  }

  private func advance(from old: Int64, to new: Int64) async throws {
    let epoch = options.epoch
    try await database.write { [check] connection in
      try check(connection)
      try RelayRecords.advance(from: old, to: new, epoch: epoch, in: connection)
    }
  }
}
