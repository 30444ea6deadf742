package import Database
internal import Synchronization

/// What a `LeaseHolder` tells of itself.
package enum LeaseNews: Sendable {
  case taken(Lease)
  /// It ran out before it could be renewed, or another one has it.
  case lost(Lease)
  case released(Lease)
  /// The database couldn't be asked; it is tried again.
  case failed(any Error)
}

/// Runs a body while a lease is held: one process of several does, the others stand by and take
/// over within seconds.
///
/// - The lease is renewed every third of its term.
/// - The body is cancelled as soon as the lease is known to be lost, or when its term has run out
///   by the local clock without an answer. A process that was stopped meanwhile can't know: what
///   its body then writes is refused by `Leases.check`.
/// - Who stands by asks six times in a term.
/// - At the end the lease is given back, so that a planned stop hands over at once.
package struct LeaseHolder<C: Clock>: Sendable where C.Duration == Duration {
  private let database: any Database
  private let name: String
  private let holder: String
  private let term: Duration
  private let floor: @Sendable (any SQLConnection) throws -> Int64
  private let clock: C
  private let origin: C.Instant
  private let tell: @Sendable (LeaseNews) -> Void

  /// - Parameters:
  ///   - holder: a name that no other process has, nor this one after a restart
  ///   - term: how long it takes at most until a dead holder's lease can be taken
  ///   - floor: the latest epoch that the rows written under the lease know of
  ///   - clock: goes on while the machine sleeps, as `ContinuousClock` does
  package init(
    database: any Database, name: String, holder: String, term: Duration = .seconds(6),
    above floor: @escaping @Sendable (any SQLConnection) throws -> Int64 = { _ in 0 }, clock: C,
    tell: @escaping @Sendable (LeaseNews) -> Void = { _ in }
  ) {
    self.database = database
    self.name = name
    self.holder = holder
    precondition(term > .zero, "a lease lasts")
    self.term = term
    self.floor = floor
    self.clock = clock
    origin = clock.now
    self.tell = tell
  }

  /// Returns when the body returns by itself, or when the task is cancelled; throws what the body
  /// throws. A body that ends with `LeaseLost`, or because it was cancelled for a lost lease, is
  /// run again under the next lease.
  package func run(_ body: @escaping @Sendable (Lease) async throws -> Void) async throws {
    while !Task.isCancelled {
      let sent = moment
      guard let lease = await acquire() else {
        try? await clock.sleep(for: LeaseTerm.standby(term))
        continue
      }
      tell(.taken(lease))
      let outcome = await hold(lease, since: sent, body)
      if case .lost = outcome, !Task.isCancelled {
        tell(.lost(lease))
        try? await clock.sleep(for: LeaseTerm.standby(term))
        continue
      }
      await release(lease)
      guard case .failed(let error) = outcome, !Task.isCancelled else { return }
      throw error
    }
  }

  private enum Outcome: Sendable {
    case finished
    case failed(any Error)
    case lost
  }

  /// Since the holder was made.
  private var moment: Duration { origin.duration(to: clock.now) }

  private var milliseconds: Int64 {
    term.components.seconds * 1_000 + term.components.attoseconds / 1_000_000_000_000_000
  }

  private func acquire() async -> Lease? {
    let (name, holder, milliseconds, floor) = (name, holder, milliseconds, floor)
    do {
      return try await database.write {
        try Leases.acquire(
          name, holder: holder, milliseconds: milliseconds, above: floor($0), in: $0)
      }
    } catch {
      tell(.failed(error))
      return nil
    }
  }

  private func release(_ lease: Lease) async {
    do {
      try await database.write { try Leases.release(lease, in: $0) }
      tell(.released(lease))
    } catch {
      // It runs out by itself.
      tell(.failed(error))
    }
  }

  /// The body, the renewals and the end of the term, side by side; the first to end ends all.
  private func hold(
    _ lease: Lease, since sent: Duration,
    _ body: @escaping @Sendable (Lease) async throws -> Void
  ) async -> Outcome {
    let held = HeldTerm(LeaseTerm(length: term, sentAt: sent))
    return await withTaskGroup(of: Outcome.self) { group in
      group.addTask {
        do {
          try await body(lease)
          return .finished
        } catch is LeaseLost {
          return .lost
        } catch {
          return .failed(error)
        }
      }
      group.addTask {
        await renew(lease, held)
        return .lost
      }
      group.addTask {
        await waitForEnd(of: held)
        return .lost
      }
      let first = await group.next() ?? .lost
      group.cancelAll()
      return first
    }
  }

  /// Returns when the lease is lost or over, or when cancelled.
  private func renew(_ lease: Lease, _ held: HeldTerm) async {
    let milliseconds = milliseconds
    while !Task.isCancelled {
      let sent = moment
      switch held.term.withLock({ $0.decision(at: sent) }) {
      case .stop: return
      case .wait(let until):
        try? await clock.sleep(until: origin.advanced(by: until), tolerance: nil)
      case .renew:
        do {
          let isHeld = try await database.write {
            try Leases.renew(lease, milliseconds: milliseconds, in: $0)
          }
          held.term.withLock { isHeld ? $0.renewed(sentAt: sent) : $0.lost() }
        } catch {
          tell(.failed(error))
          let now = moment
          held.term.withLock { $0.failed(at: now) }
        }
      }
    }
  }

  /// Apart from the renewals: one of them may get no answer at all.
  private func waitForEnd(of held: HeldTerm) async {
    while !Task.isCancelled {
      let end = held.term.withLock(\.end)
      guard moment < end else { return }
      try? await clock.sleep(until: origin.advanced(by: end), tolerance: nil)
    }
  }
}

/// The term as renewals and its end share it.
private final class HeldTerm: Sendable {
  let term: Mutex<LeaseTerm>

  init(_ term: LeaseTerm) {
    self.term = Mutex(term)
  }
}
