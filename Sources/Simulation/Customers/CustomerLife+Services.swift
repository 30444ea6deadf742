internal import ChainTypes
internal import Database
internal import EventLog
internal import Notifications
internal import Orders
internal import Settlement
internal import Supply
internal import Synchronization

// What runs by itself: sagas, consumers, watcher, timers.
extension CustomerLife {
  /// Carries orders on whose timers are due, one after the other, so that a life replays.
  func carryOn() async throws {
    endanger(.saga)
    let errors = Mutex<[any Error]>([])
    let saga = process.saga
    try await surviving(.saga) {
      for _ in 0..<3 {
        let due = try await saga.step(limit: 1) { _, error in errors.withLock { $0.append(error) } }
        if let error = errors.withLock(\.first) { throw error }
        guard due > 0 else { return }
      }
    }
  }

  func hear(isOrderly: Bool = false) async throws {
    if !isOrderly { endanger(.sequencer) }
    let sequencer = process.sequencer
    try await surviving(.sequencer) { _ = try await sequencer.drain() }
    try await broker(isOrderly: isOrderly)
    for place in process.hearings.indices {
      if !isOrderly { endanger(.consumer) }
      // The process may have died meanwhile, and another have come.
      let hearing = process.hearings[place]
      try await surviving(.consumer) { _ = try await hearing.step(waiting: .zero) }
    }
  }

  /// Has people told what waits for them: what events say, then by what brings it.
  func notify() async throws {
    for place in process.tellings.indices {
      endanger(.consumer)
      let telling = process.tellings[place]
      try await surviving(.consumer) { _ = try await telling.step() }
    }
    endanger(.notifier)
    postbox.begin()
    let errors = Mutex<[any Error]>([])
    let notifier = process.notifier
    let isDone = try await surviving(.notifier) {
      for _ in 0..<12 {
        let count = try await notifier.step(clock: StandingClock()) { error in
          errors.withLock { $0.append(error) }
        }
        if let error = errors.withLock(\.first) { throw error }
        guard count > 0 else { return }
      }
    }
    // What was taken and not noted comes again.
    if !isDone { postbox.excuse() }
  }

  func expire() async throws {
    endanger(.expiry)
    let stock = process.stock
    try await surviving(.expiry) { _ = try await stock.expire(limit: 8) }
  }

  func fill() async throws {
    if let pipeline {
      let starts = pipeline.world.starts
      try await pipeline.fill()
      return try renew(after: starts)
    }
    endanger(.filler)
    let (addresses, family) = (process.addresses, specs[0].family)
    try await surviving(.filler) { _ = try await addresses.fill(family) }
  }

  /// A request that was long on its way comes now.
  func deliverBelated() async {
    guard let request = calls.takeBelated() else { return }
    note("a belated request comes")
    await request()
  }

  // MARK: The chain's watcher

  func watch() async throws {
    guard watcher != nil else { return }
    let (family, known) = (specs[0].family.name, watchedThrough)
    let (rows, before) = try await database.read { connection in
      (
        try connection.query(
          "SELECT address, ordinal FROM addresses WHERE family = $1 AND ordinal > $2",
          [.text(family), .integer(Int64(known))]),
        try connection.queryFirst("SELECT version, looked_through FROM chains")
      )
    }
    for row in rows {
      let ordinal = UInt64(try row.integer("ordinal"))
      ordinals[try row.text("address")] = ordinal
      watchedThrough = max(watchedThrough, ordinal)
    }
    let sight = ScriptedWatcher.Sight(
      chain: chain, ordinals: ordinals, through: watchedThrough, now: time.now)
    endanger(.watcher)
    try await surviving(.watcher) { try await watcher?.step(sight) }
    let after = try await database.read { connection in
      try connection.queryFirst("SELECT version FROM chains")?.integer("version") ?? 0
    }
    view.learn(
      sight.chain, commits: Int(after - (try before?.integer("version") ?? 0)),
      lookedThrough: try before?.optionalInteger("looked_through").map(
        Timestamp.init(microseconds:)))
  }
}
