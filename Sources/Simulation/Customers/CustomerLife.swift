internal import Bytes
internal import ChainTypes
package import Database
internal import Deployment
internal import EventLog
internal import HTTPServer
internal import Orders
internal import Payments
internal import Settlement
internal import Supply
internal import Tenancy

/// A random life of shops and their customers over orders, stock and payments, all drawn from one
/// seed: people order, change their minds, pay in every way and come back, staff prepares, stock
/// arrives and is counted, the chain reorganises, events come twice, late and out of order, and the
/// process dies at named points. Checkers that know nothing of the services look at every event and
/// at the rows.
///
/// Services, inbox, tracker, store and ledger are the real ones. On the ground `.script` the chain
/// is a `ScriptedChain`, without nodes and proofs, so that hundreds of customers come in a minute;
/// on `.chains` some live on all that `Simulation` has, whose own checkers look on, too. One task
/// steps everything; the same seed and number of customers give the same life.
package final class CustomerLife {
  package let seed: UInt64
  /// How many come.
  package let crowd: Int
  var random: SplitMix64
  package let ground: Ground
  /// The world of the ground `.chains`.
  let pipeline: Simulation?
  let time: SimulatedTime
  /// Those on which orders are paid.
  let specs: [ChainSpec]
  let database: any Database
  let killSwitch: KillSwitch
  let calls: ServiceCalls
  let brokers = Brokers()
  let postbox: Postbox
  private let surroundings: ShopProcess.Surroundings
  private(set) var process: ShopProcess
  /// Of the ground `.script`, as are chain and view.
  var watcher: ScriptedWatcher?
  var chain: ScriptedChain
  /// The chain as the watcher has seen it, and what it did not yet see then.
  var view: ChainView
  /// Of all addresses that were derived, by their texts.
  var ordinals: [String: UInt64] = [:]
  var watchedThrough: UInt64 = 0
  var customers: [Customer] = []
  /// The places of those who aren't done.
  var present: [Int] = []
  var stock = StockTruth()
  var handovers = HandoverTruth()
  var told = ToldChecker()
  var statistics = Statistics()
  /// The position of the last event that brokers had.
  private var brokered: Int64 = 0
  private(set) var stepNumber = 0
  /// From then on nothing goes wrong any more.
  var isClosing = false
  package private(set) var journal: [String] = []

  /// Damages the store behind the services' back, to see that the checks notice; whether there was
  /// something to damage. Called after each step until then.
  package typealias Damage = @Sendable (any SQLConnection) throws -> Bool

  private var damage: Damage?

  /// Steps of the world for each customer, on average.
  private var stepsPerCustomer: Int { ground == .script ? 10 : 40 }

  package init(
    seed: UInt64, customers: Int, on ground: Ground = .script,
    database makeDatabase: SimulatedWorld.DatabaseMaker = SimulatedWorld.inMemory,
    damage: Damage? = nil
  ) async throws {
    self.seed = seed
    self.damage = damage
    crowd = customers
    self.ground = ground
    random = SplitMix64(seed: seed)
    var policies = Self.policies
    switch ground {
    case .script:
      let killSwitch = KillSwitch()
      (self.killSwitch, pipeline) = (killSwitch, nil)
      (time, specs) = (SimulatedTime(start: SimulatedWorld.beginning), [.simulated])
      database = try await makeDatabase(
        CommitHooks(
          beforeCommit: { try killSwitch.pass(.beforeCommit) },
          afterCommit: { try killSwitch.pass(.afterCommit) }))
    case .chains:
      let pipeline = try await Simulation(seed: random.next(), steps: 0, database: makeDatabase)
      let world = pipeline.world
      (self.pipeline, killSwitch, time) = (pipeline, world.killSwitch, world.time)
      (database, specs) = (world.database, world.settings.specs)
      policies = world.settings.policies.merging(["roastery": TenantPolicy()]) { own, _ in own }
    }
    let clock = time
    try await Schema.migrate(database)
    try await database.write { connection in
      for tenant in Shop.tenants {
        try Tenants.create(id: tenant, name: tenant, now: clock.now, in: connection)
      }
    }
    calls = ServiceCalls(killSwitch: killSwitch)
    postbox = Postbox(random: RandomStream(seed: random.next()))
    surroundings = ShopProcess.Surroundings(
      database: database, killSwitch: killSwitch, calls: calls, brokers: brokers,
      now: { clock.now }, random: RandomStream(seed: random.next()), policies: policies,
      specs: specs, postbox: postbox)
    process = try ShopProcess(surroundings)
    chain = ScriptedChain(now: time.now)
    view = ChainView(chain: chain)
    guard ground == .script else { return }
    for (place, tenant) in Shop.tenants.enumerated() {
      try await process.addresses.register(
        AddressPool.Account(
          tenant: tenant, region: "eu", epoch: 0,
          keys: Pipeline.bitcoinAccount(place, on: .regtest)))
    }
    watcher = try await newWatcher()
  }

  private func newWatcher() async throws -> ScriptedWatcher {
    try await ScriptedWatcher(
      store: ChainStore(database: process.database, specs: specs), spec: specs[0], chain: chain)
  }

  /// One keeps money of the mempool for paid, one wants it deep and forgives little.
  private static let policies: [String: TenantPolicy] = {
    var (kiosk, wholesale) = (TenantPolicy(), TenantPolicy())
    kiosk.late = .accept
    kiosk.zeroConfirmationMaximum = [.btc: 20_000]
    wholesale.tolerance = [.btc: 500]
    wholesale.confirmations = 4
    return ["roastery": TenantPolicy(), "kiosk": kiosk, "wholesale": wholesale]
  }()

  /// Lets everyone come, ends all that is under way, and checks that everything came out right.
  package func run() async throws -> Statistics {
    do {
      try await open()
      while customers.count < crowd || stepNumber < crowd * stepsPerCustomer {
        stepNumber += 1
        try await act()
        try await inflictDamage()
        if stepNumber % 4 == 0 { try await learn() }
        if stepNumber % 64 == 0 { try await checkStock() }
        if stepNumber % 512 == 0 { try await checkPayments() }
      }
      stepNumber += 1
      try await close()
      try await database.close()
    } catch let broken as Broken {
      throw failure(broken.reasons)
    } catch {
      throw failure(["\(error)"])
    }
    return statistics
  }

  struct Broken: Error {
    let reasons: [String]
  }

  private func failure(_ reasons: [String]) -> Failure {
    Failure(
      seed: seed, customers: crowd, ground: ground, step: stepNumber, reasons: reasons,
      journal: journal)
  }

  private func inflictDamage() async throws {
    guard let damage, try await database.write({ try damage($0) }) else { return }
    note("damaged")
    self.damage = nil
  }

  func note(_ text: String) { journal.append(text) }

  func chance(_ one: Int, in all: Int) -> Bool { Int.random(in: 0..<all, using: &random) < one }

  // MARK: Steps

  private func act() async throws {
    time.advance(milliseconds: Int64.random(in: 500...8_000, using: &random))
    // Much must happen there before an order is paid.
    if let pipeline, chance(2, in: 3) { return try await live(pipeline) }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<14: try await arrive()
    case 14..<36: try await beCustomer()
    case 36..<52: try await beStaff()
    case 52..<54: try await beStoreKeeper()
    case 54..<55: try await beOperator()
    case 55..<61 where ground == .script: mine()
    case 61..<62 where ground == .script: reorganise()
    case 55..<70: try await watch()
    case 70..<84: try await carryOn()
    case 84..<90: try await hear()
    case 90..<93: try await notify()
    case 93..<95: try await expire()
    case 95..<97: try await fill()
    case 97..<99: await deliverBelated()
    default: time.advance(milliseconds: Int64.random(in: 10_000...200_000, using: &random))
    }
  }

  private func mine() {
    let leftOut = chance(1, in: 3)
    let bits = random.next()
    chain.mine(now: time.now) { leftOut && ($0.bytes[0] ^ UInt8(truncatingIfNeeded: bits)) < 64 }
  }

  private func reorganise() {
    let depth = Int.random(in: 1...4, using: &random)
    let (lossy, bits) = (chance(1, in: 2), UInt8(truncatingIfNeeded: random.next()))
    chain.reorganise(
      depth: depth, now: time.now, losing: { lossy && ($0.bytes[1] ^ bits) < 90 },
      leavingOut: { ($0.bytes[2] ^ bits) < 160 })
    statistics.reorgs += 1
    note("a reorg of \(depth)")
  }

  // MARK: Processes

  /// Runs a part of the process, which may die on the way; then another starts from what the
  /// database holds. Whether it came to its end.
  @discardableResult
  func surviving(
    _ worker: Worker, _ body: () async throws -> Void
  ) async throws -> Bool {
    var failed: (any Error)?
    do {
      try await body()
    } catch {
      failed = error
    }
    let wasLost = calls.disarm()
    if let death = killSwitch.death {
      statistics.kills["\(worker.rawValue) \(death.point)", default: 0] += 1
      note("killed at \(death.point): \(worker.rawValue)")
      try await restart()
      return false
    }
    let hasFailed = killSwitch.failure != nil
    killSwitch.reset()
    if hasFailed { statistics.failures += 1 }
    guard let failed else { return true }
    guard wasLost || hasFailed else { throw failed }
    note("\(worker.rawValue) fails: \(failed)")
    // What it had in memory may be ahead of the database.
    if worker == .watcher { watcher = try await newWatcher() }
    return false
  }

  func restart() async throws {
    killSwitch.reset()
    if let pipeline { try await pipeline.world.restart() }
    process = try ShopProcess(surroundings)
    if watcher != nil { watcher = try await newWatcher() }
    statistics.restarts += 1
  }

  /// Sometimes the process is about to die, its database to fail once, or a call to be disturbed.
  func endanger(_ worker: Worker) {
    guard !isClosing else { return }
    // Seldom is there anything to expire.
    let isSeldom = worker == .expiry
    switch Int.random(in: 0..<24, using: &random) {
    case 0..<(isSeldom ? 20 : 4):
      let points = worker.points
      guard let point = points.randomElement(using: &random) else { return }
      let passages = point == .betweenStatements ? worker.statements : worker.transactions
      killSwitch.arm(
        point, passages: Int.random(in: 1...passages, using: &random),
        isFatal: chance(3, in: 4))
    case 4..<7:
      guard worker == .desk || worker == .saga else { return }
      calls.arm(disturbance(), passages: Int.random(in: 1...3, using: &random))
    default: break
    }
  }

  private func disturbance() -> ServiceCalls.Disturbance {
    let (saga, hearings) = (process.saga, process.hearings)
    let (database, orders, now) = (process.database, process.orders, time.now)
    let drives: ServiceCalls.Act = { order, _ in try? await saga.drive(order) }
    let cancels: ServiceCalls.Act = { order, tenant in
      _ = try? await database.groupedWrite(as: tenant) { connection in
        try orders.decide(on: order, tenant: tenant, now: now, in: connection) { _ in
          .canceled(by: "somebody", note: nil)
        }
      }
    }
    let hears: ServiceCalls.Act = { _, _ in
      for hearing in hearings { _ = try? await hearing.drain() }
    }
    let acts = [drives, cancels, hears]
    let act = acts[Int.random(in: acts.indices, using: &random)]
    switch Int.random(in: 0..<6, using: &random) {
    case 0: return .requestLost
    case 1: return .replyLost
    case 2: return .twice
    case 3: return .belated
    case 4: return .interruptedBefore(act)
    default: return .interruptedAfter(act)
    }
  }

  /// Gives the brokers what the log holds further.
  func broker(isOrderly: Bool = false) async throws {
    let after = brokered
    let events = try await database.read { connection in
      try EventLog.page(after: after, limit: 500, in: connection).events
    }
    brokered = events.last?.position ?? brokered
    for broker in brokers.all {
      broker.take(events.map(\.event), isOrderly: isOrderly, &random)
    }
  }

  var hasUnbrokered: Bool { brokered < told.position }

  // MARK: The ground of chains

  /// The pipeline's process is this one: where it was started anew, so are the services.
  func renew(after starts: Int) throws {
    guard let pipeline, pipeline.world.starts != starts else { return }
    process = try ShopProcess(surroundings)
  }

  /// One step of all that isn't the services': payers, miners, nodes, watchers, refunds.
  private func live(_ pipeline: Simulation) async throws {
    try await pipeline.adoptUnanswered()
    let (starts, lines) = (pipeline.world.starts, pipeline.journal.count)
    let isChanged = try await pipeline.act()
    for line in pipeline.journal.dropFirst(lines) { note(line) }
    try renew(after: starts)
    if isChanged { try await checkPayments() }
  }
}
