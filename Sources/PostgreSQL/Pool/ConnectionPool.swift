internal import Database
internal import Dispatch
internal import Foundation
internal import Synchronization

/// Connections, each with a thread of its own, and the bodies that wait for them. Threads are
/// started as they are needed and stay.
final class ConnectionPool: Sendable {
  private struct State {
    var queue: WorkQueue
    /// Wakes threads that wait for work, the last one first: its caches are warm.
    var idle: [DispatchSemaphore] = []
    /// How many were woken and haven't looked yet.
    var waking = 0
    var threads = 0
    var open = 0
    var running = 0
    var closers: [@Sendable () -> Void] = []
  }

  private let options: PostgresOptions
  private let size: Int
  private let state: Mutex<State>

  init(_ options: PostgresOptions) {
    self.options = options
    size = max(1, options.poolSize)
    state = Mutex(State(queue: WorkQueue(options, size: size)))
  }

  var statistics: PoolStatistics {
    state.withLock {
      PoolStatistics(size: size, open: $0.open, inUse: $0.running, waiting: $0.queue.count)
    }
  }

  /// Hands a body in; its caller is told whatever happens.
  func add(_ job: Job) {
    let (admission, needsThread, wakes) = state.withLock { state in
      let admission = state.queue.add(job)
      let (needsThread, wakes) = Self.call(&state, size: size)
      return (admission, needsThread, wakes)
    }
    switch admission {
    case .queued: break
    case .refused(let waiting): job.fail(DatabaseError.overloaded(waiting: waiting))
    case .closed: job.fail(DatabaseError.closed)
    }
    wakes?.signal()
    if needsThread { startThread() }
  }

  /// Finds a thread for what may run, unless enough are on their way.
  private static func call(
    _ state: inout State, size: Int
  ) -> (needsThread: Bool, wakes: DispatchSemaphore?) {
    guard state.queue.runnable > state.waking else { return (false, nil) }
    if let idle = state.idle.popLast() {
      state.waking += 1
      return (false, idle)
    }
    guard state.threads < size else { return (false, nil) }
    state.threads += 1
    state.waking += 1
    return (true, nil)
  }

  /// Lets what was handed in finish, then ends all connections; `completion` runs once they have
  /// ended.
  func close(_ completion: @escaping @Sendable () -> Void) {
    let (idle, isDone) = state.withLock { state in
      state.queue.close()
      if state.threads > 0 { state.closers.append(completion) }
      defer { state.idle.removeAll() }
      state.waking += state.idle.count
      return (state.idle, state.threads == 0)
    }
    for thread in idle { thread.signal() }
    if isDone { completion() }
  }

  // MARK: Threads

  private func startThread() {
    let thread = Thread { [self] in run() }
    thread.name = "postgresql"
    thread.start()
  }

  /// One thread's life: takes work until the pool is closed and nothing waits.
  private func run() {
    let connections = ConnectionHolder(options) { [self] isOpen in
      state.withLock { $0.open += isOpen ? 1 : -1 }
    }
    let runner = TransactionRunner(options: options, connections: connections)
    let groups = GroupRunner(runner: runner)
    let bell = DispatchSemaphore(value: 0)
    var wasWoken = true
    while true {
      let (work, isOver) = state.withLock { state -> (WorkQueue.Work?, Bool) in
        if wasWoken { state.waking -= 1 }
        guard let work = state.queue.next() else {
          if state.queue.isClosed { return (nil, true) }
          state.idle.append(bell)
          return (nil, false)
        }
        state.running += 1
        return (work, false)
      }
      wasWoken = false
      if isOver { break }
      guard let work else {
        bell.wait()
        wasWoken = true
        continue
      }
      callOthers()
      switch work {
      case .single(let job): runner.runSingle(job)
      case .group(let jobs): groups.run(jobs)
      }
      state.withLock { state in
        state.running -= 1
        if case .group(let jobs) = work { state.queue.finishGroup(of: jobs.count) }
      }
    }
    connections.drop()
    end()
  }

  /// Wakes another thread where more waits than this one has taken.
  private func callOthers() {
    let (needsThread, wakes) = state.withLock { Self.call(&$0, size: size) }
    wakes?.signal()
    if needsThread { startThread() }
  }

  private func end() {
    let closers = state.withLock { state in
      state.threads -= 1
      guard state.threads == 0 else { return [@Sendable () -> Void]() }
      defer { state.closers.removeAll() }
      return state.closers
    }
    for closer in closers { closer() }
  }
}
