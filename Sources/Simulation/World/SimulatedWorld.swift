internal import Addresses
internal import Bytes
package import ChainSim
package import ChainTypes
package import Database
internal import EventLog
internal import Keys
internal import NodeRPC
package import Payments
internal import SQLite
internal import Settlement
package import Watching

/// Simulated nodes, a database, and a process that runs the whole pipeline against them; the clock
/// and every fault are in the hands of whoever owns the world. One task steps everything.
package final class SimulatedWorld {
  package let time: SimulatedTime
  package let settings: PipelineSettings
  package let links: [NodeLink<SimulatedBitcoinNode>]
  /// The ways to the nodes of each EVM chain.
  let ethereum: [[NodeLink<SimulatedEthereumNode>]]
  package let killSwitch = KillSwitch()
  package let database: any Database
  package private(set) var process: Pipeline
  /// How often a process was started.
  package private(set) var starts = 0
  private var random: SplitMix64

  /// 2026-01-01T00:00:00Z.
  static let beginningSeconds: Int64 = 1_767_225_600
  package static let beginning = Timestamp(seconds: beginningSeconds)

  /// Makes an empty database whose commits can be stopped.
  package typealias DatabaseMaker = @Sendable (CommitHooks) async throws -> any Database

  /// SQLite in memory.
  package static let inMemory: DatabaseMaker = { hooks in
    var options = SQLiteOptions()
    options.commitHooks = hooks
    return try SQLiteDatabase.inMemory(options: options)
  }

  /// A world whose nodes have `height` blocks, all the same, enough to have money. Each of the
  /// settings' EVM chains has as many nodes.
  package init(
    seed: UInt64, nodes count: Int = 1, height: Int = 110,
    settings: PipelineSettings = PipelineSettings(),
    database makeDatabase: DatabaseMaker = SimulatedWorld.inMemory
  ) async throws {
    var random = SplitMix64(seed: seed)
    let time = SimulatedTime(start: Self.beginning)
    let first = SimulatedBitcoinNode(
      name: "node-0", seed: random.next(), clock: ConnectionTime(time),
      now: { time.nowSeconds })
    for _ in 0..<height {
      time.advance(milliseconds: 60_000)
      try first.mine()
    }
    var nodes = [first]
    while nodes.count < count {
      nodes.append(first.copy(name: "node-\(nodes.count)", seed: random.next()))
    }
    links = nodes.enumerated().map { [killSwitch] in
      NodeLink(place: $0.offset, node: $0.element, killSwitch: killSwitch)
    }
    var place = nodes.count
    var ethereum: [[NodeLink<SimulatedEthereumNode>]] = []
    for chain in settings.ethereum {
      let nodes = try Self.nodes(count, of: chain, &random, time)
      ethereum.append(
        nodes.enumerated().map { [killSwitch] in
          NodeLink(place: place + $0.offset, node: $0.element, killSwitch: killSwitch)
        })
      place += nodes.count
    }
    self.ethereum = ethereum
    let killSwitch = killSwitch
    database = try await makeDatabase(
      CommitHooks(
        beforeCommit: { try killSwitch.pass(.beforeCommit) },
        afterCommit: { try killSwitch.pass(.afterCommit) }))
    try await Pipeline.migrate(database)
    self.time = time
    self.settings = settings
    self.random = random
    process = try Self.process(
      links, ethereum, database, settings, time, killSwitch, &self.random)
    starts = 1
    try await process.registerAccounts()
  }

  /// Nodes of an EVM chain that have a few blocks.
  private static func nodes(
    _ count: Int, of chain: EthereumChainSettings, _ random: inout SplitMix64,
    _ time: SimulatedTime
  ) throws -> [SimulatedEthereumNode] {
    let name = chain.spec.name
    let first = SimulatedEthereumNode(
      name: "\(name)-0", options: chain.options, seed: random.next(), clock: ConnectionTime(time),
      now: { time.nowLongSeconds })
    for _ in 0..<10 {
      time.advance(milliseconds: 12_000)
      try first.mine()
    }
    var nodes = [first]
    while nodes.count < count {
      nodes.append(first.copy(name: "\(name)-\(nodes.count)", seed: random.next()))
    }
    return nodes
  }

  package func close() async throws { try await database.close() }

  // MARK: The process

  /// What happens after a kill: all memory is gone, and a new process starts from the database.
  package func restart() async throws {
    killSwitch.reset()
    process = try Self.process(links, ethereum, database, settings, time, killSwitch, &random)
    starts += 1
    try await process.registerAccounts()
  }

  private static func process(
    _ links: [NodeLink<SimulatedBitcoinNode>],
    _ ethereum: [[NodeLink<SimulatedEthereumNode>]], _ database: any Database,
    _ settings: PipelineSettings, _ time: SimulatedTime, _ killSwitch: KillSwitch,
    _ random: inout SplitMix64
  ) throws -> Pipeline {
    let nodes = links.map { link in
      BitcoinNode(
        name: link.node.name, transport: link, clock: ConnectionTime(time),
        jitterSeed: random.next())
    }
    let ethereumNodes = ethereum.map { links in
      links.map { link in
        EthereumNode(
          name: link.node.name, transport: link, clock: ConnectionTime(time),
          jitterSeed: random.next())
      }
    }
    return try Pipeline(
      nodes: nodes, ethereumNodes: ethereumNodes, database: database, settings: settings,
      time: time, clock: time, killSwitch: killSwitch, watchKey: (random.next(), random.next()))
  }

  @discardableResult
  package func fill() async throws -> Int {
    try await process.fill()
  }

  /// One step of a chain's watcher, then of the sequencer.
  @discardableResult
  package func step(chain: Int = 0) async throws -> WatchReport {
    try await process.step(chain: chain)
  }

  /// Steps until there is nothing more to do; the last report.
  @discardableResult
  package func stepUntilQuiet(limit: Int = 50) async throws -> WatchReport {
    var report = try await step()
    for _ in 1..<limit where report.isBusy || report.transferChanges > 0 {
      report = try await step()
    }
    return report
  }

  // MARK: Payments

  package func request(
    _ amount: UInt64, of asset: Asset? = nil, chain: Int = 0, tenant: String = "roastery",
    order: String, expiresInSeconds: Int64? = nil, tolerance: UInt64? = nil,
    refundAddress: String? = nil
  ) async throws -> Payment {
    let bits = (random.next(), random.next())
    return try await process.request(
      amount, of: asset, chain: chain, tenant: tenant, order: order,
      expiresInSeconds: expiresInSeconds, tolerance: tolerance, refundAddress: refundAddress,
      random: bits)
  }

  /// The output script of the payment's address; on EVM chains the account's 20 bytes.
  package static func script(of terms: PaymentTerms) throws -> [UInt8] {
    guard terms.chainID == nil else { return try EthereumAddress(terms.address).hash.bytes }
    return try BitcoinAddress(terms.address, network: .regtest).output.scriptPubKey
  }

  package func script(of terms: PaymentTerms) throws -> [UInt8] { try Self.script(of: terms) }

  package func payment(_ id: String) async throws -> Payment { try await process.payment(id) }

  /// The types of a subject's events, in order.
  package func story(of subject: String) async throws -> [String] {
    try await process.story(of: subject)
  }
}
