internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Deployment
internal import HTTPClient
internal import NodeRPC
internal import SQLite
internal import Settlement
internal import Watching

/// A simulated EVM node behind a port of this machine, and a watcher of it with a durable database.
struct CatchUpPipeline {
  private let node: SimulatedEthereumNode
  private let prepared: PreparedNode
  private let server: ChainSimServer
  private let client: HTTPClient
  private let remote: EthereumNode
  private let watcher: EthereumWatcher
  private let store: DurableStore
  private let database: any Database
  private let addresses: ManyAddresses

  /// Watches so many addresses, which are known to the watcher before this returns.
  static func start(watched: Int) async throws -> CatchUpPipeline {
    let clock = SystemRPCClock()
    let node = SimulatedEthereumNode(seed: 1, clock: clock) {
      UInt64(clamping: SystemTime().now.microseconds / 1_000_000)
    }
    try node.mine(3)
    let prepared = PreparedNode(node)
    let server = try await ChainSimServer.start(prepared)
    let client = try HTTPClient()
    let remote = EthereumNode(
      name: "simulated",
      transport: HTTPTransport(
        client: client, url: server.url, authentication: .none), clock: clock,
      jitterSeed: 1)
    let store = try await DurableStore(.sqlite)
    let database = try await store.makeDatabase("catch-up")
    try await Schema.migrate(database)
    let network = EthereumNetwork(
      chainID: node.options.chainID, profile: node.options.profile, kind: .development)
    let spec = try Self.spec(network)
    let addresses = ManyAddresses(
      store: ChainStore(database: database, specs: [spec]), count: UInt64(watched))
    var settings = EthereumWatcherSettings(spec: spec, network: network, start: .height(0))
    settings.asksTraces = false
    let watcher = EthereumWatcher(
      settings: settings,
      pool: try EthereumPool(
        nodes: [remote], quorum: 1,
        identity: .init(chainID: network.chainID, genesisHash: nil), clock: clock),
      store: addresses, time: SystemTime(),
      watchKey: (.random(in: .min ... .max), .random(in: .min ... .max)))
    let pipeline = CatchUpPipeline(
      node: node, prepared: prepared, server: server, client: client, remote: remote,
      watcher: watcher, store: store,
      database: database, addresses: addresses)
    try await pipeline.catchUp()
    return pipeline
  }

  static func spec(_ network: EthereumNetwork) throws -> ChainSpec {
    func listed(_ asset: Asset) -> ListedAsset {
      ListedAsset(
        asset, dustLimit: 1, confirmationTiers: [.init(from: 0, confirmations: 2)],
        creditLimits: .none)
    }
    guard let name = ChainName("catch-up") else { throw BenchmarkFailure("no chain's name") }
    return ChainSpec(
      name: name, family: .ethereum(network), coin: listed(.eth),
      tokens: [
        listed(Asset(symbol: "USDC", decimals: 6, contract: SimulatedContracts.usdc.hash)),
        listed(Asset(symbol: "USDT", decimals: 6, contract: SimulatedContracts.usdt.hash)),
      ],
      genesisHash: nil, finalityDepth: 64, blockMilliseconds: 12_000, stallSeconds: 3_600)
  }

  /// Blocks of other people's payments, in each of which one in fifty goes to an address that is
  /// watched; the node has the answers about them ready.
  func mine(_ blocks: Int, transactions: Int) async throws {
    var mined: [BlockRef] = []
    var traffic = EthereumTraffic(node.options, seed: UInt64(node.tip.height))
    for block in 0..<blocks {
      for index in 0..<transactions {
        if index % 50 == 49 {
          let ordinal = 1 + UInt64(block * transactions + index) % addresses.count
          try node.send(.ether(1_000, to: ManyAddresses.address(ordinal)))
        } else {
          try node.send(traffic.next())
        }
      }
      try node.mine()
      mined.append(node.tip)
    }
    try await prepared.prepare(mined)
  }

  /// Steps until the node's head is committed.
  func catchUp() async throws {
    var report = try await watcher.step()
    while report.isBusy || report.tip != node.tip {
      if let hold = report.hold { throw BenchmarkFailure("the watcher holds: \(hold)") }
      report = try await watcher.step()
    }
  }

  /// Asks the node for the last `count` blocks as a watcher does, and does nothing with them.
  func fetch(_ count: Int) async throws {
    let height = node.tip.height
    let headers = try await remote.headers(height + 1 - UInt32(count)..<height + 1)
    var start = 0
    while start < headers.count {
      let run = headers[start..<min(start + 4, headers.count)]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for header in run {
          group.addTask { [remote] in
            let block = try await remote.block(header.hash)
            // As many as there may be, so that the answer isn't refused as too large.
            let receipts = try await remote.receipts(
              of: header.hash, count: 1_000, gasUsed: 30_000_000
            ) { [] }
            guard block != nil, receipts != nil else {
              throw BenchmarkFailure("the node lacks its own block")
            }
          }
        }
        try await group.waitForAll()
      }
      start += run.count
    }
  }

  func close() async throws {
    await server.stop()
    client.shutdown()
    try await database.close()
    await store.close()
  }
}

/// A store with many more addresses than are in its tables.
private struct ManyAddresses: ChainCommit {
  let store: ChainStore
  let count: UInt64

  static func address(_ ordinal: UInt64) -> EthereumAddress {
    let bytes = ScriptSource(seed: 3).script(Int(ordinal) * 10)
    return EthereumAddress(Hash20(bytes: bytes.span.bytes, at: 2))
  }

  func scripts(
    for chain: ChainName, after ordinal: UInt64, limit: Int
  ) async throws -> [WatchedScript] {
    guard ordinal < count else { return [] }
    return (ordinal + 1...min(count, ordinal + UInt64(limit))).map {
      WatchedScript(ordinal: $0, scriptPubKey: Self.address($0).hash.bytes)
    }
  }

  func record(of chain: ChainName, window: Int) async throws -> ChainRecord? {
    try await store.record(of: chain, window: window)
  }

  func start(_ chain: ChainName, links: [ChainLink]) async throws -> ChainCursor {
    try await store.start(chain, links: links)
  }

  func requirements(
    on chain: ChainName, ordinals: [UInt64]
  ) async throws -> [UInt64: ConfirmationRequirement] {
    try await store.requirements(on: chain, ordinals: ordinals)
  }

  func stored(_ ids: [TransferID]) async throws -> [TrackedTransfer] {
    try await store.stored(ids)
  }

  func transfers(
    on chain: ChainName, above height: UInt32
  ) async throws -> [TrackedTransfer] {
    try await store.transfers(on: chain, above: height)
  }

  func expectedBalances(
    on chain: ChainName, _ selection: BalanceExpectations.Selection
  ) async throws -> BalanceExpectations? {
    try await store.expectedBalances(on: chain, selection)
  }

  func openSlots(on chain: ChainName) async throws -> OpenSlots {
    try await store.openSlots(on: chain)
  }

  func commit(_ step: ChainStep) async throws -> ChainCursor { try await store.commit(step) }
}
