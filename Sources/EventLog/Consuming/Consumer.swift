package import ChainTypes
package import Database

/// What a consumer does with an event, inside the transaction that notes the event as handled. It
/// may run more than once before that holds, so it changes nothing but through the connection.
///
/// It throws `EventRefusal` for what it will never take, and anything else for what may go better
/// later.
package typealias EventHandler = @Sendable (ReceivedEvent, any SQLConnection) throws -> Void

/// Hands each event of a source to a handler with exactly one effect, subject by subject in the
/// order of their sequences.
///
/// Whatever can't be handled is parked in the database with its reason, later events of its
/// subject wait behind it, and the others go on. Several instances of one name do no harm: each
/// transaction holds the rows of its partitions and subjects, and passes over what others did.
/// One task steps a consumer.
package actor Consumer<Source: EventSource> {
  package nonisolated let name: String
  private let source: Source
  private let database: any Database
  private let start: ConsumerStart
  private let interest: EventInterest
  private let options: ConsumerOptions
  private let now: @Sendable () -> Timestamp
  private let check: @Sendable (any SQLConnection) throws -> Void
  private let handler: EventHandler

  /// The places as they were last seen in the database; nil while the source isn't open.
  private var places: [EventPartition: Int64]?
  /// The event on which the handler's statements have taken too long, alone in its transaction, and
  /// how often in a row.
  private var slow: (place: EventPlace, times: Int)?

  /// - Parameters:
  ///   - name: 1 to `Inbox.maximumNameBytes` bytes; whoever has another name starts afresh
  ///   - start: where it begins when it has never run; it can't be changed afterwards
  ///   - now: the time of day, for what is tried again later
  ///   - check: runs first in every transaction and throws where this instance may not go on, as
  ///     when its lease is lost
  package init(
    name: String, source: Source, database: any Database, start: ConsumerStart = .beginning,
    interest: EventInterest = .all, options: ConsumerOptions = ConsumerOptions(),
    now: @escaping @Sendable () -> Timestamp,
    check: @escaping @Sendable (any SQLConnection) throws -> Void = { _ in },
    handler: @escaping EventHandler
  ) throws(ConsumerError) {
    guard (1...Inbox.maximumNameBytes).contains(name.utf8.count), !name.utf8.contains(0) else {
      throw .invalidName(bytes: name.utf8.count)
    }
    self.name = name
    self.source = source
    self.database = database
    self.start = start
    self.interest = interest
    self.options = options
    self.now = now
    self.check = check
    self.handler = handler
  }

  /// Handles what is due, or else the source's next batch. Nil where the source has ended.
  ///
  /// After an error the next step goes on from what the database says.
  @discardableResult
  package func step(waiting: Duration? = nil) async throws -> ConsumerOutcome? {
    do {
      try await open()
      let retried = try await handleDue()
      guard retried.isEmpty else { return retried }
      guard
        let batch = try await source.next(
          limit: options.batchLimit, waiting: waiting ?? options.waiting)
      else { return nil }
      return try await handle(batch)
    } catch {
      places = nil
      throw error
    }
  }

  /// Steps until the source has no more for now and nothing is due.
  @discardableResult
  package func drain() async throws -> ConsumerOutcome {
    var total = ConsumerOutcome()
    while let outcome = try await step(waiting: .zero), !outcome.isEmpty { total += outcome }
    return total
  }

  /// Steps until the source ends or the task is cancelled. What fails is reported and tried again
  /// after a pause that doubles from `pause` to 64 times that.
  package func run<C: Clock>(
    pausing pause: C.Duration, clock: C, onNotice: @Sendable (ConsumerNotice) -> Void,
    onError: @Sendable (any Error) -> Void
  ) async {
    var failures = 0
    while !Task.isCancelled {
      do {
        guard let outcome = try await step() else { return }
        failures = 0
        outcome.notices.forEach(onNotice)
      } catch {
        guard !Task.isCancelled else { return }
        onError(error)
        try? await clock.sleep(for: pause * (1 << min(failures, 6)))
        failures += 1
      }
    }
  }

  // MARK: Places

  private func open() async throws {
    guard places == nil else { return }
    let (name, start, check) = (name, start, check)
    let stored = try await database.groupedWrite { connection in
      try check(connection)
      let records = InboxRecords(consumer: name, connection: connection)
      try records.insert(start: start)
      guard let known = try records.start(), known == start else {
        throw ConsumerError.startChanged(
          consumer: name, stored: try records.start() ?? .beginning)
      }
      return try records.places()
    }
    let opened = try await source.open(at: stored, otherwise: start)
    let missing = opened.filter { stored[$0.key] == nil }
    if !missing.isEmpty {
      // At once: whoever begins now must not begin later after a crash.
      try await database.groupedWrite { connection in
        try check(connection)
        let records = InboxRecords(consumer: name, connection: connection)
        for (partition, next) in missing { try records.insertPlace(partition, next: next) }
      }
    }
    places = stored.merging(missing) { stored, _ in stored }
  }

  // MARK: Messages

  private func handle(_ batch: EventBatch) async throws -> ConsumerOutcome {
    guard !batch.next.isEmpty else { return ConsumerOutcome() }
    let messages = batch.messages.map { IncomingMessage($0, interest: interest) }
    var verdicts: [EventPlace: HandlerVerdict] = [:]
    var outcome = ConsumerOutcome()
    var begin = 0
    var end = messages.count
    repeat {
      let part = Array(messages[begin..<end])
      let next = end == messages.count ? batch.next : Self.next(behind: part)
      do {
        outcome += try await commit(part, next: next, verdicts: verdicts)
        begin = end
        end = messages.count
      } catch let failure as HandlerFailure {
        // Those before it go in without it; then it is parked, and the rest follows.
        let index = part.firstIndex { $0.place == failure.place } ?? 0
        if index > 0 { end = begin + index }
        if case .slow(let reason) = failure.verdict {
          if part.count == 1 {
            verdicts[failure.place] = try blame(failure.place, reason)
          } else if index == 0 {
            end = begin + 1
          }
        } else {
          verdicts[failure.place] = failure.verdict
        }
      } catch let error as DatabaseError
        where (error.isHandlersFault || error.timeout != nil) && !part.isEmpty
      {
        // A rule that the engine checks only at the commit, or a statement that nobody has waited
        // for: halve until the culprit is alone.
        if part.count > 1 {
          end = begin + part.count / 2
        } else if let reason = error.timeout, verdicts[part[0].place] == nil {
          verdicts[part[0].place] = try blame(part[0].place, reason)
        } else if verdicts.updateValue(.failed("\(error)"), forKey: part[0].place) != nil {
          throw error
        }
      }
    } while begin < messages.count
    return outcome
  }

  /// What is to be thought of an event whose statements took too long again. A database that has
  /// too much to do for a while is no reason to park what would go well later, so the consumer
  /// stands before the event for some steps first; but not for ever.
  private func blame(_ place: EventPlace, _ reason: String) throws -> HandlerVerdict {
    let times = (slow?.place == place ? slow?.times ?? 0 : 0) + 1
    guard times >= options.attemptLimit else {
      slow = (place, times)
      throw DatabaseError.timedOut(reason)
    }
    slow = nil
    return .slow(reason)
  }

  private static func next(behind messages: [IncomingMessage]) -> [EventPartition: Int64] {
    messages.reduce(into: [:]) { next, message in
      next[message.place.partition] = message.place.nextOffset
    }
  }

  /// One transaction: the messages that nobody has handled yet, and the places behind them.
  private func commit(
    _ messages: [IncomingMessage], next: [EventPartition: Int64],
    verdicts: [EventPlace: HandlerVerdict]
  ) async throws -> ConsumerOutcome {
    let seen = places ?? [:]
    let (check, name, handler) = (check, name, handler)
    let (start, options, now) = (start, options, now())
    let (outcome, reached) = try await database.groupedWrite { connection in
      try check(connection)
      let records = InboxRecords(consumer: name, connection: connection)
      var reached: [EventPartition: Int64] = [:]
      for partition in next.keys.sorted() {
        if seen[partition] == nil { try records.insertPlace(partition, next: 0) }
        let place = try records.lockPlace(partition)
        guard let place, place >= seen[partition] ?? 0 else {
          throw ConsumerError.placeMoved(partition)
        }
        reached[partition] = place
      }
      let unhandled = messages.filter { $0.place.offset >= reached[$0.place.partition] ?? 0 }
      var transaction = InboxTransaction(
        start: start, options: options, now: now, verdicts: verdicts, handler: handler,
        records: records)
      try transaction.run(unhandled)
      for (partition, offset) in next.sorted(by: { $0.key < $1.key })
      where offset > reached[partition] ?? 0 {
        try records.setPlace(partition, next: offset)
        reached[partition] = offset
      }
      var outcome = transaction.outcome
      outcome.duplicates += messages.count - unhandled.count
      return (outcome, reached)
    }
    places?.merge(reached) { _, new in new }
    return outcome
  }

  // MARK: Parked messages

  /// How many parked messages a step takes up at most.
  private static var dueLimit: Int { 64 }

  private func handleDue() async throws -> ConsumerOutcome {
    let (name, now) = (name, now())
    let due = try await database.read { connection in
      try InboxRecords(consumer: name, connection: connection).due(at: now, limit: Self.dueLimit)
    }
    var outcome = ConsumerOutcome()
    for place in due {
      do {
        outcome += try await handleParked(at: place, verdict: nil)
      } catch let failure as HandlerFailure {
        outcome += try await handleParked(at: place, verdict: failure.verdict)
      } catch let error as DatabaseError where error.isHandlersFault || error.timeout != nil {
        outcome += try await handleParked(at: place, verdict: HandlerVerdict(error))
      }
    }
    return outcome
  }

  private func handleParked(
    at place: EventPlace, verdict: HandlerVerdict?
  ) async throws -> ConsumerOutcome {
    let (check, name, handler, interest) = (check, name, handler, interest)
    let (start, options, now) = (start, options, now())
    return try await database.groupedWrite { connection in
      try check(connection)
      let records = InboxRecords(consumer: name, connection: connection)
      // Another instance may have been faster.
      guard let parked = try records.parked(at: place, locking: true), let due = parked.due,
        due <= now
      else { return ConsumerOutcome() }
      var transaction = InboxTransaction(
        start: start, options: options, now: now,
        verdicts: verdict.map { [place: $0] } ?? [:], handler: handler, records: records)
      try transaction.run(
        parked: IncomingMessage(parked.received, interest: interest, attempts: parked.attempts))
      return transaction.outcome
    }
  }
}
