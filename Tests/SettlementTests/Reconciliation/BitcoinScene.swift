import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import Keys
import NodeRPC
import Payments
import Settlement
import Synchronization
import Testing
import Watching

/// A simulated Bitcoin node, a database, and a watcher between them. Nothing waits: time stands
/// still but for blocks.
final class BitcoinScene {
  let node: SimulatedBitcoinNode
  let database: any Database
  let pool: NodePool
  let spec: ChainSpec
  let time = BlockTime()
  private let watcher: BitcoinWatcher
  private var orders: UInt64 = 0

  init(transport: (SimulatedBitcoinNode) -> any RPCTransport = { $0 }) async throws {
    let time = time
    spec = try World.spec()
    node = SimulatedBitcoinNode(seed: 7, clock: time) { time.seconds }
    database = try await World.database()
    for _ in 0..<110 {
      time.pass(600)
      try node.mine()
    }
    pool = try Self.pool([transport(node)], quorum: 1, time)
    let addresses = AddressPool(database: database, ready: 6)
    for purpose in AccountPurpose.allCases {
      try await addresses.register(
        .init(
          tenant: World.tenant, region: World.region, epoch: 0,
          keys: .bitcoin(World.descriptor(purpose == .treasury ? 9 : 1)), purpose: purpose))
    }
    _ = try await addresses.fill(.bitcoin(.regtest))
    watcher = BitcoinWatcher(
      settings: WatcherSettings(spec: spec, network: .regtest, start: .height(100)), pool: pool,
      store: ChainStore(database: database, specs: [spec]), time: time, watchKey: (1, 2))
    try await follow()
  }

  func follow() async throws {
    var report = try await watcher.step()
    for _ in 0..<100 where report.isBusy || report.transferChanges > 0 {
      report = try await watcher.step()
    }
  }

  func mine(_ count: Int = 1) async throws {
    for _ in 0..<count {
      time.pass(600)
      try node.mine()
    }
    try await follow()
  }

  func request() async throws -> Payment {
    orders += 1
    let service = PaymentService(
      specs: [spec], policies: [World.tenant: TenantPolicy()], region: World.region)
    let (number, now, chain) = (orders, time.now, spec.name)
    return try await database.write {
      try service.create(
        PaymentRequest(
          tenant: World.tenant, orderID: "order-\(number)", chain: chain, amount: 100_000),
        now: now, random: (number, 7), in: $0)
    }
  }

  /// The script of the address with this number.
  func script(_ ordinal: UInt64) async throws -> [UInt8] {
    let scripts = try await database.read {
      try $0.query("SELECT script FROM addresses WHERE ordinal = \(ordinal)").map {
        try $0.blob("script")
      }
    }
    return try #require(scripts.first)
  }

  /// A transaction that spends an output entirely, to nobody of ours.
  func spend(_ outpoint: Outpoint, paying value: UInt64) -> Transaction {
    Transaction(
      inputs: [
        TransactionInput(outpoint: outpoint, scriptSig: [], sequence: 0xffff_fffd, witness: [])
      ], outputs: [TransactionOutput(value: value, scriptPubKey: [0x51])])
  }

  func reconcile(tenant: String? = nil) async throws -> Reconciler.Outcome {
    try await Reconciler(database: database, spec: spec, tenant: tenant, clock: time).run(pool)
  }

  /// Asks several nodes: a, b and so on.
  func reconcile(
    asking transports: [any RPCTransport], quorum: Int
  ) async throws -> Reconciler.Outcome {
    try await Reconciler(database: database, spec: spec, clock: time)
      .run(Self.pool(transports, quorum: quorum, time))
  }

  private static func pool(
    _ transports: [any RPCTransport], quorum: Int, _ time: BlockTime
  ) throws -> NodePool {
    let nodes = zip("abcdef", transports).map { name, transport in
      BitcoinNode(
        name: String(name), transport: transport, clock: time, policy: .once, jitterSeed: 1)
    }
    return try NodePool(
      nodes: nodes, quorum: quorum, genesisHash: nil, network: .regtest, clock: time)
  }
}

/// Time that passes when a test says so. Whoever sleeps wakes at once.
final class BlockTime: TimeSource, RPCClock {
  private let passed = Mutex<UInt32>(0)

  var seconds: UInt32 { 1_700_000_000 + passed.withLock { $0 } }
  var now: Timestamp { Timestamp(seconds: Int64(seconds)) }
  var nowMilliseconds: Int64 { Int64(passed.withLock { $0 }) * 1_000 }

  func pass(_ seconds: UInt32) { passed.withLock { $0 += seconds } }

  func sleep(milliseconds: Int) async throws { try Task.checkCancellation() }
}
