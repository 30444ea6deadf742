internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Digests
internal import HTTPClient
internal import Keys
internal import NodeRPC
internal import Payments
internal import Watching

/// A simulated Bitcoin node behind a port of this machine, with blocks as full as mainnet's, and
/// the pipeline that watches it.
struct BitcoinLatency {
  private let node: SimulatedBitcoinNode
  private let server: ChainSimServer
  private let client: HTTPClient
  private let remote: BitcoinNode
  let pipeline: LatencyPipeline

  /// Satoshi.
  private static let amount: UInt64 = 150_000
  /// Of other people, in each block: 25 × 31 kB, so 0.8 MB.
  private static let transactions = 25
  private static let outputs = 1_000

  static func start(pollMilliseconds: Int) async throws -> BitcoinLatency {
    let clock = SystemRPCClock()
    let node = SimulatedBitcoinNode(seed: 1, clock: clock) {
      UInt32(clamping: SystemTime().now.microseconds / 1_000_000)
    }
    // As many coins as several blocks spend, mature.
    try node.mine(300)
    let server = try await ChainSimServer.start(node)
    let client = try HTTPClient()
    let remote = BitcoinNode(
      name: "simulated",
      transport: HTTPTransport(client: client, url: server.url, authentication: .none),
      clock: clock, jitterSeed: 1)
    let pool = try NodePool(
      nodes: [remote], quorum: 1, genesisHash: nil, network: .regtest, clock: clock)
    let spec = try spec(genesisHash: await remote.blockHash(at: 0))
    let master = try ExtendedPrivateKey(
      seed: SecretBytes(copying: [UInt8](repeating: 1, count: 32).span.bytes))
    let key = try master.descendant(.account(0, for: .wpkh, network: .regtest))
      .extendedPublicKey.text(network: .regtest)
    let pipeline = try await LatencyPipeline.start(
      spec,
      keys: .bitcoin(
        try Descriptor("wpkh(\(key)/0/*)", network: .regtest, checksum: .optional))
    ) { store in
      let watcher = BitcoinWatcher(
        settings: WatcherSettings(spec: spec, network: .regtest, start: .height(0)), pool: pool,
        store: store, time: SystemTime(),
        watchKey: (.random(in: .min ... .max), .random(in: .min ... .max)))
      return LatencyPipeline.Watch(watcher: watcher) { tip in
        _ = await pool.waitForBlock(above: tip, milliseconds: pollMilliseconds, clock: clock)
      }
    }
    return BitcoinLatency(
      node: node, server: server, client: client, remote: remote, pipeline: pipeline)
  }

  private static func spec(genesisHash: Hash32) throws -> ChainSpec {
    guard let name = ChainName("bitcoin-regtest") else {
      throw BenchmarkFailure("bitcoin-regtest is a chain's name")
    }
    return ChainSpec(
      name: name, family: .bitcoin(.regtest), asset: .btc, genesisHash: genesisHash,
      finalityDepth: 6,
      coinbaseMaturity: 100, dustLimit: 546,
      confirmationTiers: [.init(from: 0, confirmations: 1)], stallSeconds: 86_400)
  }

  /// Of each of `count` payments, each in a block of its own, the milliseconds from the node's
  /// taking it into its mempool to `payment.processing`, and from its block to `payment.paid`.
  func run(_ count: Int) async throws -> (mempool: [Double], block: [Double]) {
    let payments = try await pipeline.request(count, amount: UInt256(Self.amount))
    var (mempool, block): ([Double], [Double]) = ([], [])
    var random = SplitMix64(seed: UInt64(node.tip.height))
    for payment in payments {
      let script = try BitcoinAddress(payment.address, network: .regtest).output.scriptPubKey
      try await Self.pause(&random)
      try node.pay(script, value: Self.amount)
      let accepted = WallClock.nanoseconds
      let processing = try await pipeline.arrival(.processing, of: payment)
      mempool.append(Double(processing - accepted) / 1e6)
      for _ in 0..<Self.transactions { try node.pay(Self.traffic(&random)) }
      try await Self.pause(&random)
      try node.mine()
      let mined = WallClock.nanoseconds
      let paid = try await pipeline.arrival(.paid, of: payment)
      block.append(Double(paid - mined) / 1e6)
    }
    return (mempool, block)
  }

  /// One payment to many, as exchanges make them.
  private static func traffic(_ random: inout SplitMix64) -> PaymentOrder {
    PaymentOrder(
      outputs: (0..<outputs).map { _ in
        var program = [UInt8](repeating: 0, count: 4)
        program.append(bigEndian: random.next())
        program.append(bigEndian: random.next())
        return TransactionOutput(value: 1_000, scriptPubKey: [0x00, 0x14] + program)
      })
  }

  /// So that what comes doesn't follow the watcher's beat.
  static func pause(_ random: inout SplitMix64) async throws {
    try await Task.sleep(for: .milliseconds(Int(random.next() % 500)))
  }

  /// Milliseconds that the node takes for the tip's bytes alone.
  func fetch() async throws -> Double {
    let hash = node.tip.hash
    return try await WallClock.seconds { _ = try await remote.block(hash) } * 1_000
  }

  func close() async throws {
    try await pipeline.close()
    await server.stop()
    client.shutdown()
  }
}

/// The same of an EVM node.
struct EthereumLatency {
  private let node: SimulatedEthereumNode
  private let server: ChainSimServer
  private let client: HTTPClient
  private let remote: EthereumNode
  let pipeline: LatencyPipeline

  static let transactions = 200

  /// Of the words of BIP-0084's test vectors, m/44'/60'/0'.
  private static let accountKey =
    "[73c5da0a/44h/60h/0h]xpub6DCoCpSuQZB2jawqnGMEPS63ePKWkwWPH4TU45Q7LPXWuNd8TMtVxRrgjtEshuqpK"
    + "3mdhaWHPFsBngh5GFZaM6si3yZdUsT8ddYM3PwnATt"

  static func start(pollMilliseconds: Int) async throws -> EthereumLatency {
    let clock = SystemRPCClock()
    let node = SimulatedEthereumNode(seed: 1, clock: clock) {
      UInt64(clamping: SystemTime().now.microseconds / 1_000_000)
    }
    try node.mine(3)
    let server = try await ChainSimServer.start(node)
    let client = try HTTPClient()
    let remote = EthereumNode(
      name: "simulated",
      transport: HTTPTransport(client: client, url: server.url, authentication: .none),
      clock: clock, jitterSeed: 1)
    let network = EthereumNetwork(
      chainID: node.options.chainID, profile: node.options.profile, kind: .development)
    let pool = try EthereumPool(
      nodes: [remote], quorum: 1,
      identity: .init(chainID: network.chainID, genesisHash: nil), clock: clock)
    let spec = try CatchUpPipeline.spec(network)
    let pipeline = try await LatencyPipeline.start(
      spec,
      keys: .ethereum(
        try EthereumAccount(accountKey: Self.accountKey, branch: 0, isTest: true))
    ) { store in
      let watcher = EthereumWatcher(
        settings: EthereumWatcherSettings(spec: spec, network: network, start: .height(0)),
        pool: pool, store: store, time: SystemTime(),
        watchKey: (.random(in: .min ... .max), .random(in: .min ... .max)))
      return LatencyPipeline.Watch(watcher: watcher) { tip in
        _ = await pool.waitForBlock(above: tip, milliseconds: pollMilliseconds, clock: clock)
      }
    }
    return EthereumLatency(
      node: node, server: server, client: client, remote: remote, pipeline: pipeline)
  }

  /// Of each of `count` payments, each in a block of its own among others' transactions, the
  /// milliseconds from the block to `payment.processing`.
  func run(_ count: Int) async throws -> [Double] {
    let amount = UInt256(1_000_000_000_000_000)
    let payments = try await pipeline.request(count, amount: amount)
    var random = SplitMix64(seed: UInt64(node.tip.height))
    var traffic = EthereumTraffic(node.options, seed: UInt64(node.tip.height))
    var block: [Double] = []
    for payment in payments {
      for _ in 1..<Self.transactions { try node.send(traffic.next()) }
      try node.send(.ether(amount, to: EthereumAddress(payment.address)))
      try await BitcoinLatency.pause(&random)
      try node.mine()
      let mined = WallClock.nanoseconds
      let processing = try await pipeline.arrival(.processing, of: payment)
      block.append(Double(processing - mined) / 1e6)
    }
    return block
  }

  /// Milliseconds that the node takes for the tip and its receipts alone.
  func fetch() async throws -> Double {
    let hash = node.tip.hash
    return try await WallClock.seconds {
      _ = try await remote.block(hash)
      _ = try await remote.receipts(of: hash, count: 1_000, gasUsed: 30_000_000) { [] }
    } * 1_000
  }

  func close() async throws {
    try await pipeline.close()
    await server.stop()
    client.shutdown()
  }
}
