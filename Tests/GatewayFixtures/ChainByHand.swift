internal import Bitcoin
package import Bytes
internal import ChainTracking
package import ChainTypes
internal import Database
internal import Digests
package import LoopbackHTTP
package import Settlement
internal import Testing
internal import Watching

/// A chain that a test mines by hand: what a watcher would make of it is committed step by step.
package actor ChainByHand {
  /// Money on its way to a payment.
  package struct Money: Sendable {
    package let payment: String
    package let satoshi: UInt64
    /// What names its transaction.
    package let transaction: String

    package init(to payment: String, _ satoshi: UInt64, in transaction: String = "tx") {
      self.payment = payment
      self.satoshi = satoshi
      self.transaction = transaction
    }

    package var txid: Hash32 { ChainByHand.hash(payment + transaction) }
  }

  private let store: ChainStore
  private let spec: ChainSpec
  private let time: TestTime
  private var tracker: TransferTracker
  /// From the anchor on.
  private var links: [ChainLink]
  /// Counts the reorgs, so that no block comes twice.
  private var branch = 0
  private var cursor: ChainCursor

  package static func spec(
    _ name: String = "bitcoin-regtest", creditLimits: CreditLimits = .none
  ) throws -> ChainSpec {
    try ChainSpec(
      name: #require(ChainName(name)), family: .bitcoin(.regtest), asset: .btc,
      genesisHash: hash("genesis"), finalityDepth: 6, coinbaseMaturity: 100, dustLimit: 546,
      confirmationTiers: [.init(from: 0, confirmations: 2)], creditLimits: creditLimits,
      stallSeconds: 3_600)
  }

  /// An EVM chain; 1,000 wei are the least that counts.
  package static func ethereumSpec() throws -> ChainSpec {
    try ChainSpec(
      name: #require(ChainName("ethereum-dev")),
      family: .ethereum(
        EthereumNetwork(chainID: 31_337, profile: .ethereum, kind: .development)),
      coin: ListedAsset(
        .eth, dustLimit: 1_000, confirmationTiers: [.init(from: 0, confirmations: 2)],
        creditLimits: .none),
      tokens: [], genesisHash: nil, finalityDepth: 6, blockMilliseconds: 12_000,
      stallSeconds: 3_600)
  }

  package init(store: ChainStore, spec: ChainSpec, time: TestTime) async throws {
    self.store = store
    self.spec = spec
    self.time = time
    let tip = Self.link(1_000, parent: Self.hash("below"), time.now)
    links = [tip]
    cursor = try await store.start(spec.name, links: [tip])
    tracker = TransferTracker(
      rules: TransferRules(coinbaseMaturity: 100, dustLimit: 546), tip: tip.ref, tracked: [])
  }

  package static func hash(_ text: String) -> Hash32 { SHA256.hash(Array(text.utf8)) }

  private static func link(
    _ height: UInt32, parent: Hash32, _ time: Timestamp, branch: Int = 0
  ) -> ChainLink {
    ChainLink(
      ref: BlockRef(height: height, hash: hash("block \(height) of \(branch)")), parent: parent,
      time: UInt32(clamping: time.microseconds / 1_000_000), bits: 0x207f_ffff, work: 2)
  }

  // MARK: Acting

  /// The watcher has come to watch every address derived so far.
  package func watchAll() async throws { try await watch(through: nil) }

  /// The watcher has come to watch the addresses up to an ordinal.
  package func watch(through ordinal: UInt64?) async throws {
    let scripts = try await store.scripts(for: spec.name, after: 0, limit: 100_000)
    var step = newStep()
    step.addressesThrough = ordinal ?? scripts.last?.ordinal ?? 0
    cursor = try await store.commit(step)
  }

  /// A complete look at a mempool that holds exactly this.
  package func look(_ money: Money...) async throws {
    let found = try await found(money)
    var step = newStep()
    step.changes = tracker.look(
      MempoolLook(
        found: found, present: Set(found.map(\.id.txid)), spends: [], isComplete: true),
      now: time.now)
    step.lookedThrough = time.now
    cursor = try await store.commit(step)
  }

  /// One block with this money.
  package func mine(_ money: Money...) async throws { try await mine([money]) }

  package func mineEmpty(_ count: Int) async throws {
    try await mine(Array(repeating: [], count: count))
  }

  /// The last blocks leave the active chain, and as many empty ones and another take their place.
  package func reorg(_ depth: Int) async throws {
    var step = newStep()
    branch += 1
    for _ in 0..<depth {
      let left = links.removeLast()
      step.disconnected.append(left)
      step.changes += try tracker.disconnect(
        left.ref, newTip: BlockRef(height: left.ref.height - 1, hash: left.parent))
    }
    for _ in 0...depth { try await connect([], in: &step) }
    cursor = try await store.commit(step)
  }

  package func halt(_ reason: String) async throws {
    var step = newStep()
    step.halt = reason
    cursor = try await store.commit(step)
  }

  /// One block with this money, and what a scan would have recorded of it: evidence of the right
  /// shape, which proves nothing.
  package func mineProved(_ money: Money...) async throws -> BlockRef {
    try await mine([money], proved: true)
    return tip
  }

  private func mine(_ blocks: [[Money]], proved: Bool = false) async throws {
    var step = newStep()
    for money in blocks {
      let block = try await connect(money, in: &step)
      if proved { step.proofs += money.map { Self.proof(of: $0.txid, in: block) } }
    }
    cursor = try await store.commit(step)
  }

  @discardableResult
  private func connect(_ money: [Money], in step: inout ChainStep) async throws -> BlockRef {
    let link = Self.link(tip.height + 1, parent: tip.hash, time.now, branch: branch)
    step.changes += try tracker.connect(
      link.ref, parent: link.parent, time: Timestamp(seconds: Int64(link.time)),
      found: try await found(money), spends: [], now: time.now)
    step.connected.append(link)
    links.append(link)
    return link.ref
  }

  private var tip: BlockRef { links[links.count - 1].ref }

  private static func proof(of txid: Hash32, in block: BlockRef) -> TransferProof {
    TransferProof(
      txid: txid, block: block,
      evidence: .inclusion(
        TransactionProof(
          transaction: [UInt8](repeating: 0x0b, count: 60),
          branch: MerkleBranch(position: 2, siblings: [hash("left"), hash("right")]),
          coinbase: .init(
            transaction: [UInt8](repeating: 0x0c, count: 61),
            siblings: [hash("beside"), hash("above")])),
        header: [UInt8](repeating: 0x0a, count: 80)))
  }

  private func newStep() -> ChainStep {
    ChainStep(
      chain: spec.name, expectedVersion: cursor.version,
      addressesThrough: cursor.addressesThrough, now: time.now)
  }

  private func found(_ money: [Money]) async throws -> [FoundTransfer] {
    let ids = money.map(\.payment)
    let ordinals = try await store.database.read { connection in
      try ids.map { id -> UInt64 in
        let row = try connection.queryFirst(
          "SELECT ordinal FROM payments WHERE payment_id = $1", [.text(id)])
        return UInt64(try row?.integer("ordinal") ?? 0)
      }
    }
    let requirements = try await store.requirements(on: spec.name, ordinals: ordinals)
    let rule = ConfirmationRequirement(confirmations: 6, finality: 6)
    let isBitcoin = if case .bitcoin = spec.family { true } else { false }
    return zip(money, ordinals).map { money, ordinal in
      FoundTransfer(
        id: TransferID(
          chain: spec.name, txid: money.txid, position: isBitcoin ? .vout(0) : .value),
        ordinal: ordinal, value: UInt256(money.satoshi),
        inputs: [Outpoint(txid: Self.hash("coin of \(money.txid)"), vout: 0)],
        isCoinbase: false, requirement: requirements[ordinal] ?? rule)
    }
  }
}
