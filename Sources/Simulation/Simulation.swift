internal import Bytes
internal import ChainSim
internal import ChainTracking
internal import ChainTypes
package import Database
internal import NodeRPC
internal import Payments
internal import Settlement
internal import Watching

/// A random life of the whole pipeline: payments, money in every form, blocks, reorgs, broken
/// nodes, operators and kills, all drawn from one seed, with checkers after every step.
///
/// One task steps everything; the same seed and number of steps give the same run.
package final class Simulation {
  package let seed: UInt64
  package let steps: Int
  package let mode: Mode
  var random: SplitMix64
  let world: SimulatedWorld
  var truth = ChainTruth()
  var orders: [String: OrderedPayment] = [:]
  /// The ids in the order in which they were made.
  var orderIDs: [String] = []
  /// Nodes that neither hear nor tell anything.
  var isolated: Set<Int> = []
  var events = EventChecker()
  private var statuses: [String: String] = [:]
  /// The cursor at the last check.
  private(set) var recentTip: BlockRef?
  private var anchorHeight: Int64 = -1
  private var histories: [[UInt8]: TransferHistory] = [:]
  /// Until when mempools had been looked through at the last check; zero for never.
  private var lookedThrough: Int64 = 0
  package private(set) var statistics = Statistics()
  /// What was done, newest last: told where a promise is broken.
  private(set) var journal: [String] = []

  /// Damages the store behind the pipeline's back, to see that the checks notice; whether there was
  /// something to damage. Called after each step until then.
  package typealias Damage = @Sendable (any SQLConnection) throws -> Bool

  private var damage: Damage?

  package enum Mode: Sendable {
    /// No reorg is as deep as finality.
    case shallow
    /// Reorgs may break finality, after which nothing is credited.
    case beyondFinality
  }

  package struct Statistics: Sendable {
    package var payments = 0
    package var kills: [FaultPoint: Int] = [:]
    package var reorgs = 0
    package var transfers = 0
    package var events = 0
    package var heldSteps = 0
    package var watcherSteps = 0
    package var statuses: [String: Int] = [:]
    package var eventTypes: [String: Int] = [:]
    package var isHalted = false
    /// A digest of all events in their order: equal for equal runs.
    package var digest: UInt64 = 0xcbf2_9ce4_8422_2325
  }

  /// A promise that was broken, with all that is needed to see it again.
  package struct Failure: Error, CustomStringConvertible {
    package let seed: UInt64
    package let steps: Int
    package let step: Int
    package let reasons: [String]
    package let journal: [String]

    package var description: String {
      """
      seed \(seed) fails at step \(step) of \(steps):
      \(reasons.joined(separator: "\n"))
      after:
      \(journal.suffix(25).joined(separator: "\n"))
      replay: PAYWATCH_SEED=\(seed) PAYWATCH_STEPS=\(steps) swift test --filter SimulationTests
      """
    }
  }

  package init(
    seed: UInt64, steps: Int, mode: Mode = .shallow,
    database: SimulatedWorld.DatabaseMaker = SimulatedWorld.inMemory, damage: Damage? = nil
  ) async throws {
    self.seed = seed
    self.steps = steps
    self.mode = mode
    self.damage = damage
    random = SplitMix64(seed: seed)
    var settings = PipelineSettings()
    settings.quorum = 2
    settings.tenants = ["roastery", "kiosk", "wholesale"]
    settings.ready = 4
    settings.quarantineMilliseconds = 60_000
    settings.blocksPerCommit = 4
    var kiosk = TenantPolicy()
    kiosk.late = .accept
    kiosk.zeroConfirmationMaximum = [.btc: 20_000]
    var wholesale = TenantPolicy()
    wholesale.tolerance = [.btc: 500]
    wholesale.confirmations = 4
    settings.policies = ["kiosk": kiosk, "wholesale": wholesale]
    world = try await SimulatedWorld(
      seed: random.next(), nodes: 3, settings: settings, database: database)
  }

  /// Runs all steps, heals the world, and checks that everything came out right.
  package func run() async throws -> Statistics {
    var step = 0
    do {
      try await watch()
      try await fill()
      while step < steps {
        step += 1
        let isChanged = try await act()
        let isDamaged = try await inflictDamage()
        if isChanged || isDamaged { try await check() }
      }
      step += 1
      try await heal()
      try await world.close()
    } catch let failure as Broken {
      throw Failure(
        seed: seed, steps: steps, step: step, reasons: failure.reasons, journal: journal)
    } catch {
      throw Failure(
        seed: seed, steps: steps, step: step, reasons: ["\(error)"], journal: journal)
    }
    return statistics
  }

  private func inflictDamage() async throws -> Bool {
    guard let damage, try await world.database.write({ try damage($0) }) else { return false }
    note("damaged")
    self.damage = nil
    return true
  }

  struct Broken: Error {
    let reasons: [String]
  }

  func note(_ text: String) { journal.append(text) }

  // MARK: Steps

  /// One step of the world; whether it may have touched the store.
  private func act() async throws -> Bool {
    defer { learn() }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<16: pay()
    case 16..<21: replace()
    case 21..<23: evict()
    case 23..<33: mine()
    case 33..<40: reorganise()
    case 40..<49: relay()
    case 49..<51: changeTopology()
    case 51..<55: injectFault()
    case 55..<59: removeFaults()
    case 59..<65: advanceClock()
    case 65..<73:
      try await requestPayment()
      return true
    case 73..<76:
      try await decide()
      return true
    case 76..<79:
      try await fill()
      return true
    default:
      try await watch()
      return true
    }
    return false
  }

  func learn() {
    for link in world.links { truth.learn(from: link.node.machine) }
  }

  /// One step of the process, which may die on the way and is then started again.
  func watch() async throws {
    if Int.random(in: 0..<6, using: &random) == 0 { armKill() }
    try await surviving("watch") {
      let report = try await world.step()
      statistics.watcherSteps += 1
      if report.hold != nil { statistics.heldSteps += 1 }
      if report.disconnected > 0 { statistics.reorgs += 1 }
      note("watch: \(report)")
    }
  }

  func fill() async throws {
    if Int.random(in: 0..<8, using: &random) == 0 {
      world.killSwitch.arm(.betweenDeriveAndInsert)
    }
    try await surviving("fill") { _ = try await world.fill() }
  }

  private func armKill() {
    guard let point = (FaultPoint.ordered + [.beforeNodeCall]).randomElement(using: &random) else {
      return
    }
    if point == .beforeNodeCall {
      world.killSwitch.armCall(
        to: Int.random(in: 0..<world.links.count, using: &random),
        passages: Int.random(in: 1...8, using: &random))
    } else {
      world.killSwitch.arm(point, passages: Int.random(in: 1...4, using: &random))
    }
  }

  /// Runs a part of the process; where it dies, starts another from what the database holds.
  func surviving(_ name: String, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch {
      // A dead process's errors are whatever its last cries were; a living one has none.
      guard world.killSwitch.death != nil else { throw error }
    }
    if let death = world.killSwitch.death {
      note("killed at \(death.point) during \(name)")
      statistics.kills[death.point, default: 0] += 1
      try await world.restart()
    } else {
      world.killSwitch.reset()
    }
  }

  // MARK: Checks

  func check() async throws {
    var findings = Findings()
    let after = events.settledThrough
    let (stored, read) = try await world.database.read { connection in
      (
        try StoredState.read(from: connection),
        try EventChecker.read(after: after, in: connection)
      )
    }
    if let cursor = stored.cursor {
      let first = stored.coverage.first.map { $0.from - 1 } ?? cursor.height
      // A reorg that reaches below the anchor is scanned from there.
      anchorHeight = anchorHeight < 0 ? first : min(anchorHeight, first)
    }
    if let cursor = stored.cursor, let hash = Hash32(cursor.hash) {
      recentTip = BlockRef(height: UInt32(clamping: cursor.height), hash: hash)
    }
    let spec = world.settings.spec
    ChainChecker(
      truth: truth, stored: stored, finalityDepth: Int64(spec.finalityDepth),
      coinbaseMaturity: Int64(spec.coinbaseMaturity), dustLimit: 546, anchorHeight: anchorHeight
    ).check(&findings)
    for transfer in stored.transfers {
      histories[transfer.key, default: TransferHistory(lookedThrough: lookedThrough)]
        .learn(transfer, isHalted: stored.cursor?.halt != nil)
    }
    lookedThrough = stored.cursor?.lookedThrough ?? 0
    PaymentChecker(orders: orders, stored: stored, histories: histories).check(&findings)
    let new = events.learn(read, stored, &findings)
    events.checkStatuses(stored, &findings)
    checkReversals(stored, new, &findings)
    for event in new { digest(event) }
    if let halt = stored.cursor?.halt {
      statistics.isHalted = true
      findings.require(mode == .beyondFinality, promise: 5, "halted without cause: \(halt)")
    }
    statistics.transfers = stored.transfers.count
    statistics.events = events.events.count
    statistics.statuses = stored.payments.reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
    if !findings.violations.isEmpty {
      throw Broken(reasons: findings.violations.map(\.description))
    }
  }

  /// A payment that stands lower than at the last check has told a reversal since.
  private func checkReversals(
    _ stored: StoredState, _ new: [EventChecker.Event], _ findings: inout Findings
  ) {
    // A deadline that passes over too little money takes nothing back.
    let told = Set(
      new.filter { ["payment.reversed", "payment.expired_partial"].contains($0.type) }
        .map(\.subject))
    for payment in stored.payments {
      let before = statuses.updateValue(payment.status, forKey: payment.id) ?? payment.status
      let isDown = PaymentOracle.rank(payment.status) < PaymentOracle.rank(before)
      findings.require(
        !isDown || payment.status == "resolved" || told.contains(payment.id), promise: 5,
        "\(payment.id) fell from \(before) to \(payment.status) without payment.reversed")
    }
  }

  private func digest(_ event: EventChecker.Event) {
    statistics.eventTypes[event.type, default: 0] += 1
    for byte in event.id {
      statistics.digest = (statistics.digest ^ UInt64(byte)) &* 0x100_0000_01b3
    }
  }

  func countPayment() { statistics.payments += 1 }

  /// The first height that was scanned.
  var anchor: Int64 { anchorHeight }
}
