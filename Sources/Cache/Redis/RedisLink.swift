internal import CHiredis
internal import Glibc
internal import Synchronization

/// What tasks hand to a connection's thread, and what both know of the connection.
///
/// While it is down, everything is refused at once: that is the circuit breaker, and the thread's
/// attempts to connect, in growing pauses, are its probes.
final class RedisLink: Sendable {
  /// A command on its way.
  struct Call: Sendable {
    let command: RedisCommand
    /// By `MonotonicClock`.
    let deadlineMilliseconds: Int64
    /// Whether the queue's bounds count it. Deletions have a bound of their own.
    let isCounted: Bool
    let continuation: CheckedContinuation<Result<RedisReply, CacheError>, Never>
  }

  private struct State {
    var isUp = false
    var isClosed = false
    /// The thread has been told to look.
    var isWoken = false
    /// The connection can't be trusted any more; the thread must take another.
    var mustReconnect = false
    var reason = "it hasn't been connected to yet"
    var queue: [Call] = []
    /// Of the calls that aren't answered yet, deletions apart.
    var calls = 0
    var bytes = 0
    var pending: PendingDeletions
  }

  let options: RedisOptions
  let wakeDescriptor: Int32
  private let state: Mutex<State>
  private let onChange: @Sendable (RedisLinkChange) -> Void

  /// Nil where the system has no descriptor left.
  init?(_ options: RedisOptions, onChange: @escaping @Sendable (RedisLinkChange) -> Void) {
    wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    guard wakeDescriptor >= 0 else { return nil }
    self.options = options
    self.onChange = onChange
    state = Mutex(State(pending: PendingDeletions(limit: options.pendingKeys)))
  }

  deinit { Glibc.close(wakeDescriptor) }

  var pendingDeletions: Int { state.withLock { $0.pending.count } }

  // MARK: Tasks' side

  /// Sends a command and waits for its reply, for the command's time at most. With `key`, a
  /// command that reads or fills it: not sent while the key waits for its deletion.
  func call(_ command: RedisCommand, key: String? = nil) async -> Result<RedisReply, CacheError> {
    await withCheckedContinuation { continuation in
      let refusal = state.withLock { state -> CacheError? in
        if state.isClosed { return .closed }
        if !state.isUp { return .unavailable(state.reason) }
        if let key, state.pending.covers(key) { return .unavailable("a deletion is under way") }
        guard state.calls < options.queueLimit,
          state.bytes + command.bytes.count <= options.queueBytes
        else { return .overloaded }
        state.calls += 1
        state.bytes += command.bytes.count
        enqueue(command, isCounted: true, continuation, &state)
        return nil
      }
      if let refusal { continuation.resume(returning: .failure(refusal)) }
    }
  }

  /// Deletes keys. Returns once Redis has, or after the command's time; what Redis didn't confirm
  /// until then is read by nobody here before it does.
  func delete(_ keys: [String]) async {
    let command = RedisCommand.delete(keys)
    var ticket: PendingDeletions.Ticket?
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<RedisReply, CacheError>, Never>) in
      let refusal = state.withLock { state -> CacheError? in
        if state.isClosed { return .closed }
        let wasSwept = state.pending.sweep
        ticket = state.pending.add(keys)
        if !state.isUp { return .unavailable(state.reason) }
        guard state.pending.sweep == wasSwept else {
          state.mustReconnect = true
          state.isUp = false
          state.reason = "too many keys wait for their deletion"
          wake(&state)
          return .overloaded
        }
        enqueue(command, isCounted: false, continuation, &state)
        return nil
      }
      if let refusal { continuation.resume(returning: .failure(refusal)) }
    }
    switch result {
    case .success(.integer):
      if let ticket { state.withLock { $0.pending.confirm(ticket) } }
    case .success:
      // It answers, but doesn't delete, such as a replica: nothing may be read from it.
      state.withLock { state in
        state.mustReconnect = true
        wake(&state)
      }
    case .failure: break
    }
  }

  func close() {
    state.withLock { state in
      state.isClosed = true
      wake(&state)
    }
  }

  private func enqueue(
    _ command: RedisCommand, isCounted: Bool,
    _ continuation: CheckedContinuation<Result<RedisReply, CacheError>, Never>,
    _ state: inout State
  ) {
    state.queue.append(
      Call(
        command: command,
        deadlineMilliseconds: MonotonicClock.milliseconds + options.commandMilliseconds,
        isCounted: isCounted, continuation: continuation))
    wake(&state)
  }

  private func wake(_ state: inout State) {
    guard !state.isWoken else { return }
    state.isWoken = true
    eventfd_write(wakeDescriptor, 1)
  }

  // MARK: The thread's side

  var isClosed: Bool { state.withLock(\.isClosed) }

  /// Some of what waits, in its order: at least one if there is one, then up to `byteLimit`.
  func takeCalls(byteLimit: Int) -> (calls: [Call], mustReconnect: Bool, isClosed: Bool) {
    var count: UInt64 = 0
    eventfd_read(wakeDescriptor, &count)
    return state.withLock { state in
      state.isWoken = false
      var taken = 0
      var bytes = 0
      for call in state.queue {
        if taken > 0, bytes + call.command.bytes.count > byteLimit { break }
        taken += 1
        bytes += call.command.bytes.count
      }
      let calls = Array(state.queue.prefix(taken))
      state.queue.removeFirst(taken)
      if !state.queue.isEmpty { wake(&state) }
      return (calls, state.mustReconnect, state.isClosed)
    }
  }

  /// The calls have their replies.
  func release(_ calls: some Sequence<Call>) {
    state.withLock { state in
      for call in calls where call.isCounted {
        state.calls = max(0, state.calls - 1)
        state.bytes = max(0, state.bytes - call.command.bytes.count)
      }
    }
  }

  /// What must be deleted before the connection serves; nil where nothing is left, and then it
  /// serves from now on.
  func nextDeletion() -> (sweep: UInt64?, keys: PendingDeletions.Ticket?)? {
    let next = state.withLock { state -> (UInt64?, PendingDeletions.Ticket?)? in
      guard state.pending.isEmpty else {
        return (state.pending.sweep, state.pending.next(atMost: 500))
      }
      state.isUp = true
      state.mustReconnect = false
      return nil
    }
    if next == nil { onChange(.up) }
    return next.map { (sweep: $0.0, keys: $0.1) }
  }

  func confirm(_ ticket: PendingDeletions.Ticket) {
    state.withLock { $0.pending.confirm(ticket) }
  }

  func confirmSweep(_ number: UInt64) {
    state.withLock { $0.pending.confirmSweep(number) }
  }

  /// The connection is gone: whoever waits, in the queue or for a reply, is told.
  func goDown(_ failure: RedisFailure, inFlight: [Call]) {
    let (calls, wasUp) = state.withLock { state in
      defer {
        state.isUp = false
        state.reason = failure.sentence
        state.queue = []
        state.calls = 0
        state.bytes = 0
      }
      return (inFlight + state.queue, state.isUp)
    }
    onChange(.down(failure.sentence, wasUp: wasUp))
    let error: CacheError = failure == .timedOut ? .timedOut : .unavailable(failure.sentence)
    for call in calls { call.continuation.resume(returning: .failure(error)) }
  }

  /// Waits for a pause's time, or until the link is closed.
  func pause(milliseconds: Int64) {
    let end = MonotonicClock.milliseconds + milliseconds
    while !isClosed {
      let left = end - MonotonicClock.milliseconds
      guard left > 0 else { return }
      var polled = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
      poll(&polled, 1, Int32(clamping: left))
      var count: UInt64 = 0
      eventfd_read(wakeDescriptor, &count)
      state.withLock { $0.isWoken = false }
    }
  }
}

/// What becomes of a connection.
package enum RedisLinkChange: Sendable, Equatable {
  /// It serves, and what had to be deleted is.
  case up
  /// It doesn't serve any more (`wasUp`), or an attempt to connect failed.
  case down(String, wasUp: Bool)
}
