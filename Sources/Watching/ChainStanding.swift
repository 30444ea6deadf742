internal import ChainTracking
internal import ChainTypes

/// Where a watcher stands on its chain and what it watches there: what it knows of its store. Lives
/// in the watcher, an actor, and never leaves it.
///
/// All of it comes from the store; where a step fails half-way it is forgotten and read again.
final class ChainStanding {
  let spec: ChainSpec
  let store: any ChainCommit
  let time: any TimeSource
  /// How many headers are held in memory, at least.
  private let window: Int

  /// What is watched. It only grows, and needs no store to be right.
  private(set) var watched: WatchSet
  private(set) var watchedThrough: UInt64 = 0
  /// What outgoing transactions may use up; read anew for each step.
  private(set) var openSlots = OpenSlots.none
  /// Nil until the store was read, and after a step failed half-way.
  var position: Position?

  /// Exactly what the store holds, but for a step under way.
  struct Position {
    var cursor: ChainCursor
    var chain: HeaderChain
    /// Whether `chain` began with all headers that the store keeps.
    var hasAllHeaders = false
    var tracker: TransferTracker
    var lookWrittenAt: Timestamp?
  }

  init(
    spec: ChainSpec, window: Int, store: any ChainCommit, time: any TimeSource,
    watchKey: (UInt64, UInt64)
  ) {
    self.spec = spec
    self.window = window
    self.store = store
    self.time = time
    watched = WatchSet(key: watchKey)
  }

  // MARK: The store

  /// Reads where the watcher stands, where it doesn't know. False before the first start.
  nonisolated(nonsending) func recall() async throws -> Bool {
    guard position == nil else { return true }
    guard let record = try await store.record(of: spec.name, window: window) else { return false }
    position = try Position(
      cursor: record.cursor, chain: HeaderChain(links: record.links, capacity: window),
      tracker: TransferTracker(spec, at: record.cursor, tracked: record.tracked))
    return true
  }

  /// The chain's first start, above the last of `links`.
  nonisolated(nonsending) func begin(above links: [ChainLink]) async throws {
    let cursor = try await store.start(spec.name, links: links)
    position = try Position(
      cursor: cursor, chain: HeaderChain(links: links, capacity: window),
      tracker: TransferTracker(spec, at: cursor, tracked: []))
  }

  /// The same position with all headers that the store keeps; nil where it keeps no more.
  nonisolated(nonsending) func widened(_ position: Position) async throws -> Position? {
    guard !position.hasAllHeaders, let record = try await store.record(of: spec.name, window: .max)
    else { return nil }
    guard record.cursor == position.cursor else {
      throw StaleCursor(chain: spec.name, expected: position.cursor.version)
    }
    var widened = position
    widened.chain = try HeaderChain(
      links: record.links, capacity: max(window, record.links.count))
    widened.hasAllHeaders = true
    return widened
  }

  func newStep(at position: Position) -> ChainStep {
    var step = ChainStep(
      chain: spec.name, expectedVersion: position.cursor.version,
      addressesThrough: watchedThrough, now: time.now)
    step.slotsVersion = openSlots.version
    return step
  }

  /// Hands a step over, and stands where the store then stands.
  nonisolated(nonsending) func commit(_ step: ChainStep, standing next: Position) async throws {
    let cursor = try await store.commit(step)
    position = next
    position?.cursor = cursor
    if step.lookedThrough != nil { position?.lookWrittenAt = step.now }
  }

  // MARK: Addresses

  /// Learns what outgoing transactions may use up by now.
  nonisolated(nonsending) func learnSlots() async throws {
    openSlots = try await store.openSlots(on: spec.name)
  }

  /// Begins with a snapshot's addresses. Where some were read already, or two asked at once, the
  /// rows go on.
  func watch(_ snapshot: WatchSnapshots.Loaded) {
    guard watched.isEmpty else { return }
    watched = snapshot.set
    watchedThrough = snapshot.through
  }

  var watchedAddresses: WatchedAddresses { WatchedAddresses(watched, through: watchedThrough) }

  /// Watches what was appended since the last time; how many scripts that were.
  nonisolated(nonsending) func watchNewScripts() async throws -> Int {
    var added = 0
    while true {
      let limit = 10_000
      let scripts = try await store.scripts(for: spec.name, after: watchedThrough, limit: limit)
      for script in scripts {
        _ = watched.insert(script: script.scriptPubKey, ordinal: script.ordinal)
        // Of two who ask at once the later may tell what is watched already.
        watchedThrough = max(watchedThrough, script.ordinal)
      }
      added += scripts.count
      if scripts.count < limit { return added }
    }
  }

  /// Tells the store how far the set goes, where no other step has done so: only then may those
  /// addresses be handed out.
  nonisolated(nonsending) func writeAddresses() async throws {
    guard let position, position.cursor.addressesThrough < watchedThrough else { return }
    try await commit(newStep(at: position), standing: position)
  }

  // MARK: What is due without a block

  /// What a halt has held back is credited once an operator has ended it, without waiting for a
  /// block; how many transfers that changed.
  nonisolated(nonsending) func creditHeldBack() async throws -> Int {
    guard position?.tracker.hasDue == true, var next = position else { return 0 }
    position = nil
    var step = newStep(at: next)
    step.changes = next.tracker.resume()
    try await commit(step, standing: next)
    return step.changes.count
  }

  nonisolated(nonsending) func noticeStall() async throws {
    guard let position else { return }
    let tip = position.chain.tip
    let since = Timestamp(seconds: Int64(tip.time))
    let limit = since.adding(seconds: Int64(spec.stallSeconds))
    guard time.now > limit, position.cursor.stallTold != tip.ref.hash else { return }
    var step = newStep(at: position)
    step.stalledSince = since
    try await commit(step, standing: position)
  }

  /// Halts crediting, with the reason.
  nonisolated(nonsending) func halt(_ reason: String) async throws {
    guard let position, position.cursor.halt == nil else { return }
    var step = newStep(at: position)
    step.halt = reason
    var next = position
    next.tracker.creditingHalted = true
    try await commit(step, standing: next)
  }
}

extension TransferTracker {
  /// Where the cursor stands, under the chain's rules.
  init(_ spec: ChainSpec, at cursor: ChainCursor, tracked: [TrackedTransfer]) {
    self.init(
      rules: TransferRules(spec), tip: cursor.tip,
      finalizedHeight: spec.finalityTag.map { _ in cursor.finalized?.height ?? 0 },
      tracked: tracked)
    creditingHalted = cursor.halt != nil
  }
}

extension TransferRules {
  init(_ spec: ChainSpec) {
    self.init(coinbaseMaturity: spec.coinbaseMaturity, dustLimit: spec.dustLimit)
  }
}
