internal import Bytes
internal import ChainSim
internal import ChainTracking
internal import ChainTypes
package import Database
internal import Keys
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
  /// Bitcoin, then the EVM chains, as the world has them.
  let chains: [any LivingChain]
  var orders: [String: OrderedPayment] = [:]
  /// The ids in the order in which they were made.
  var orderIDs: [String] = []
  /// The chain on which most happens for now.
  private(set) var focus = 0
  var events = EventChecker()
  /// The versions of payments whose facts were replayed.
  private var replayed: [String: Int64] = [:]
  private var statuses: [String: String] = [:]
  private var misdirections = MisdirectionChecker()
  /// By `StoredState.Transfer.id`.
  private var histories: [String: TransferHistory] = [:]
  /// Until when each chain's mempools had been looked through at the last check.
  private var lookedThrough: [String: Int64] = [:]
  /// Whether the payment was settled when a refund was asked for: by the address it goes to, each
  /// to one of its own, where a person asked; by its id where a policy did.
  var refundsOfSettled: [String: Bool] = [:]
  /// The places of EVM chains on which tenants' treasuries have been given something.
  var openTreasuries: Set<Int> = []
  /// Of all tenants' accounts; the signer's.
  var masterKey: ExtendedPrivateKey?
  var statistics = Statistics()
  /// What was done, newest last: told where a promise is broken.
  package private(set) var journal: [String] = []

  /// Damages the store behind the pipeline's back, to see that the checks notice; whether there was
  /// something to damage. Called after each step until then.
  package typealias Damage = @Sendable (any SQLConnection) throws -> Bool

  private var damage: Damage?

  /// - Parameter ethereum: the EVM chains beside Bitcoin
  package init(
    seed: UInt64, steps: Int, mode: Mode = .shallow,
    ethereum: [EthereumChainSettings] = EthereumChainSettings.siblings,
    database: SimulatedWorld.DatabaseMaker = SimulatedWorld.inMemory, damage: Damage? = nil
  ) async throws {
    self.seed = seed
    self.steps = steps
    self.mode = mode
    self.damage = damage
    random = SplitMix64(seed: seed)
    world = try await SimulatedWorld(
      seed: random.next(), nodes: 3, settings: Self.settings(ethereum), database: database)
    var chains: [any LivingChain] = [
      ChainLife(
        world.settings.spec, world.links, mode: mode, hasFaults: true, &random)
    ]
    for (chain, links) in zip(ethereum, world.ethereum) {
      // Where no node ever fails, all that calls move must be found and proved.
      let hasFaults = Int.random(in: 0..<4, using: &random) > 0
      // How many nodes never trace anything: mostly none or one, now and then all but one, or all.
      let untraced = [0, 0, 1, 1, links.count - 1, links.count].randomElement(using: &random) ?? 0
      let standing = links.indices.shuffled(using: &random).prefix(untraced).map { place in
        let kind = Fault.Kind.ethereum(.methodUnavailable)
        return (place: place, fault: Fault(kind, method: "debug_traceBlockByHash"))
      }
      chains.append(
        ChainLife(
          chain.spec, links, mode: mode, hasFaults: hasFaults, standingFaults: standing, &random))
    }
    self.chains = chains
  }

  private static func settings(_ ethereum: [EthereumChainSettings]) -> PipelineSettings {
    var settings = PipelineSettings()
    settings.quorum = 2
    settings.tenants = ["roastery", "kiosk", "wholesale"]
    settings.ready = 4
    settings.quarantineMilliseconds = 60_000
    settings.blocksPerCommit = 4
    settings.ethereum = ethereum
    var kiosk = TenantPolicy()
    kiosk.late = .accept
    (kiosk.short, kiosk.over) = (.accept, .refund)
    kiosk.zeroConfirmationMaximum = [.btc: 20_000]
    var wholesale = TenantPolicy()
    wholesale.tolerance = [
      .btc: 500, .simulatedUSDC: 500, .eth: UInt256(500 * Asset.eth.simulatedScale),
    ]
    wholesale.confirmations = 4
    (wholesale.late, wholesale.short, wholesale.over) = (.refund, .refund, .refund)
    settings.policies = ["kiosk": kiosk, "wholesale": wholesale]
    return settings
  }

  /// Runs all steps, heals the world, and checks that everything came out right.
  package func run() async throws -> Statistics {
    var step = 0
    do {
      try await begin()
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

  func begin() async throws {
    learn()
    for place in chains.indices { try await watch(place) }
    try await fill()
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

  func note(_ text: String?) { if let text { journal.append(text) } }

  // MARK: Steps

  /// One step of the world; whether it may have touched the store.
  func act() async throws -> Bool {
    defer { learn() }
    // Much happens on one chain before the next has its turn.
    if Int.random(in: 0..<8, using: &random) == 0 {
      focus = Int.random(in: chains.indices, using: &random)
    }
    let (place, chain) = (focus, chains[focus])
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<16: pay()
    case 16..<20: note(chain.interfere(&random))
    case 20..<22: note(chain.evict(&random))
    case 22..<32: note(chain.mine(&random))
    case 32..<40: note(chain.reorganise(&random))
    case 40..<41: note(chain.finalise(&random))
    case 41..<47: note(chain.relay())
    case 47..<49: note(chain.changeTopology(&random))
    case 49..<56: note(chain.injectFault(about: anyRecipient(on: chain.spec), &random))
    case 56..<60: note(chain.removeFaults(&random))
    case 60..<63: advanceClock()
    case 63..<69:
      try await requestPayment()
      return true
    case 69..<72:
      try await decide()
      return true
    case 72..<74:
      try await fill()
      return true
    case 74..<79:
      try await payOut(on: place)
      return true
    case 79..<81:
      try await applyRemedies()
      return true
    default:
      try await watch(place)
      return true
    }
    return false
  }

  func learn() {
    for chain in chains { chain.learn() }
  }

  private func advanceClock() {
    let seconds = Int64.random(in: 1...(Bool.random(using: &random) ? 20 : 400), using: &random)
    note("\(seconds) s pass")
    world.time.advance(milliseconds: seconds * 1_000)
  }

  /// One step of a watcher, whose process may die on the way and is then started again.
  private func watch(_ place: Int) async throws {
    if Int.random(in: 0..<6, using: &random) == 0 { armKill(on: chains[place]) }
    let name = chains[place].spec.name
    try await surviving("watch") {
      let report = try await world.step(chain: place)
      statistics.watcherSteps += 1
      if report.hold != nil { statistics.heldSteps += 1 }
      if report.disconnected > 0 { statistics.reorgs[name.text, default: 0] += 1 }
      note("watch \(name): \(report)")
    }
  }

  func fill() async throws {
    if Int.random(in: 0..<8, using: &random) == 0 {
      world.killSwitch.arm(.betweenDeriveAndInsert)
    }
    try await surviving("fill") { _ = try await world.fill() }
  }

  private func armKill(on chain: any LivingChain) {
    guard let point = (FaultPoint.ordered + [.beforeNodeCall]).randomElement(using: &random) else {
      return
    }
    if point == .beforeNodeCall {
      world.killSwitch.armCall(
        to: chain.linkPlaces[Int.random(in: chain.linkPlaces.indices, using: &random)],
        passages: Int.random(in: 1...8, using: &random))
    } else {
      // Every third time the process lives on, and has to make do with what is left.
      world.killSwitch.arm(
        point, passages: Int.random(in: 1...4, using: &random),
        isFatal: Int.random(in: 0..<3, using: &random) > 0)
    }
  }

  /// Runs a part of the process; where it dies, starts another from what the database holds.
  func surviving(_ name: String, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch {
      // A dead process's errors are whatever its last cries were; a living one has those alone that
      // its database gave it.
      guard world.killSwitch.death != nil || world.killSwitch.failure != nil else { throw error }
    }
    if let failure = world.killSwitch.failure {
      note("\(failure) fails during \(name)")
      statistics.failures += 1
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
    let new = events.learn(read, stored, &findings)
    misdirections.learn(new, stored)
    for chain in chains { check(chain, stored, &findings) }
    paymentChecker(stored).check(&replayed, &findings)
    try RemedyChecker(stored: stored).check(&findings)
    events.checkStatuses(stored, &findings)
    misdirections.check(&findings)
    checkReversals(stored, new, &findings)
    try await checkLedger(stored, &findings)
    for event in new { digest(event) }
    statistics.events = events.events.count
    statistics.statuses = stored.payments.reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
    if !findings.violations.isEmpty {
      throw Broken(reasons: findings.violations.map(\.description))
    }
  }

  /// The books sum to zero, nothing is refunded beyond its receipts, and both are as the chains.
  private func checkLedger(_ stored: StoredState, _ findings: inout Findings) async throws {
    let (balances, caps) = try await world.database.read { connection in
      (
        try LedgerRecords.balances(in: connection),
        try connection.query("SELECT payment_id, receipts, taken FROM refund_caps").map {
          (try $0.text("payment_id"), try $0.amount("receipts"), try $0.amount("taken"))
        }
      )
    }
    var sums: [String: (debit: UInt256, credit: UInt256)] = [:]
    for balance in balances {
      let key = "\(balance.tenant) \(balance.chain) \(balance.contract?.hex ?? "")"
      let before = sums[key] ?? (.zero, .zero)
      sums[key] = (
        try before.debit.adding(balance.debit), try before.credit.adding(balance.credit)
      )
    }
    for (key, sum) in sums {
      findings.require(
        sum.debit == sum.credit, promise: 6, "the ledger of \(key) doesn't sum to zero")
    }
    for (id, receipts, taken) in caps {
      findings.require(taken <= receipts, promise: 6, "\(id) refunds more than it received")
    }
    for chain in chains {
      try PayoutChecker(
        chain: chain, stored: stored, balances: balances, isShallow: mode == .shallow
      ).check(&findings)
    }
  }

  func paymentChecker(_ stored: StoredState) -> PaymentChecker {
    PaymentChecker(
      orders: orders, stored: stored, histories: histories, refundsOfSettled: refundsOfSettled)
  }

  private func check(
    _ chain: any LivingChain, _ stored: StoredState, _ findings: inout Findings
  ) {
    let (name, rows) = (chain.spec.name.text, stored.chain(chain.spec.name))
    chain.learn(rows)
    ChainChecker(
      truth: chain.truth, spec: chain.spec, quorum: world.settings.quorum, stored: rows,
      addresses: stored.addresses.filter { $0.family == chain.spec.family.name },
      anchorHeight: chain.anchorHeight, untraced: events.untraced(on: name),
      latestTime: chain.latestTime, mayLackProofs: chain.hasFaults
    ).check(&findings)
    for transfer in rows.transfers {
      let since = lookedThrough[name] ?? 0
      histories[transfer.id, default: TransferHistory(lookedThrough: since)]
        .learn(transfer, isHalted: rows.cursor?.halt != nil)
    }
    lookedThrough[name] = rows.cursor?.lookedThrough ?? 0
    if let halt = rows.cursor?.halt {
      statistics.halted.insert(name)
      findings.require(mode == .beyondFinality, promise: 5, "\(name) halted without cause: \(halt)")
    }
    statistics.transfers[name] = rows.transfers.count
    statistics.variants[name] = rows.transfers.count { row in
      let key = TransferKey(txid: Hash32(row.txid) ?? Hash32(), position: row.position)
      return chain.truth.forms[key].map { $0.count > 1 } ?? false
    }
    statistics.unproven[name] = rows.transfers.count { $0.detail == "unproven" }
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
    if event.type == "refund.broadcast",
      ["confirmed", "final"].contains(where: { event.data.contains("\"from\":\"\($0)\"") })
    {
      for chain in chains where event.data.contains("\"chain\":\"\(chain.spec.name)\"") {
        statistics.revertedRefunds[chain.spec.name.text, default: 0] += 1
      }
    }
    for byte in event.id {
      statistics.digest = (statistics.digest ^ UInt64(byte)) &* 0x100_0000_01b3
    }
  }

  func countPayment() { statistics.payments += 1 }
}
