internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Settlement
internal import Watching

/// A chain's watcher that believes what it is shown: nodes, proofs and scans are left out, tracker
/// and store are the real ones. What it knows it reads from the store when its process starts.
struct ScriptedWatcher {
  private let store: ChainStore
  private let spec: ChainSpec
  private var links: [ChainLink]
  private var cursor: ChainCursor
  private var tracker: TransferTracker

  /// Of which chain, and whose addresses these are, by their texts.
  struct Sight {
    let chain: ScriptedChain
    let ordinals: [String: UInt64]
    /// The last of them.
    let through: UInt64
    let now: Timestamp
  }

  init(store: ChainStore, spec: ChainSpec, chain: ScriptedChain) async throws {
    self.store = store
    self.spec = spec
    let record = try await store.record(of: spec.name, window: 200)
    if let record {
      cursor = record.cursor
      links = record.links
    } else {
      links = Array(chain.links.prefix(1))
      cursor = try await store.start(spec.name, links: links)
    }
    tracker = TransferTracker(
      rules: TransferRules(
        coinbaseMaturity: spec.coinbaseMaturity, dustLimit: spec.assets[0].dustLimit),
      tip: cursor.tip, tracked: record?.tracked ?? [])
  }

  /// Until when mempools were looked through.
  var lookedThrough: Timestamp? { cursor.lookedThrough }

  /// Comes to watch all addresses there are, follows the chain to its tip, and looks at what waits.
  mutating func step(_ sight: Sight) async throws {
    try await follow(sight)
    try await look(sight)
  }

  private func newStep(_ sight: Sight) -> ChainStep {
    ChainStep(
      chain: spec.name, expectedVersion: cursor.version,
      addressesThrough: max(cursor.addressesThrough, sight.through),
      now: sight.now)
  }

  private mutating func follow(_ sight: Sight) async throws {
    let chain = sight.chain
    var step = newStep(sight)
    let ancestor = links.last { chain.has($0.ref) }?.ref ?? cursor.tip
    if ancestor != cursor.tip {
      tracker.adopt(try await store.transfers(on: spec.name, above: ancestor.height))
    }
    while let left = links.last, left.ref != ancestor {
      links.removeLast()
      step.disconnected.append(left)
      step.changes += try tracker.disconnect(
        left.ref, newTip: BlockRef(height: left.ref.height - 1, hash: left.parent))
    }
    for link in chain.links(above: ancestor.height) {
      let found = try await found(chain.txids(at: link.ref.height), sight)
      step.changes += try tracker.connect(
        link.ref, parent: link.parent, time: Timestamp(seconds: Int64(link.time)), found: found,
        spends: chain.spends(at: link.ref.height), now: sight.now)
      step.connected.append(link)
      links.append(link)
    }
    cursor = try await store.commit(step)
  }

  private mutating func look(_ sight: Sight) async throws {
    let waiting = sight.chain.waiting
    let found = try await found(waiting, sight)
    var step = newStep(sight)
    let spends = sight.chain.waitingSpends
    step.changes = tracker.look(
      MempoolLook(
        found: found, present: Set(waiting + spends.map(\.txid)), spends: spends,
        isComplete: true), now: sight.now)
    step.lookedThrough = sight.now
    cursor = try await store.commit(step)
  }

  private mutating func found(_ txids: [Hash32], _ sight: Sight) async throws -> [FoundTransfer] {
    let money = txids.compactMap { sight.chain.money[$0] }
    let ordinals = money.map { sight.ordinals[$0.address] ?? 0 }
    let requirements = try await store.requirements(on: spec.name, ordinals: ordinals)
    let rule = ConfirmationRequirement(
      confirmations: spec.finalityDepth, finality: spec.finalityDepth)
    let found = zip(money, ordinals).map { money, ordinal in
      FoundTransfer(
        id: TransferID(chain: spec.name, txid: money.txid, position: .vout(0)), ordinal: ordinal,
        value: UInt256(money.value), inputs: [money.coin], isCoinbase: false,
        requirement: requirements[ordinal] ?? rule)
    }
    let unknown = found.map(\.id).filter { !tracker.knows($0) }
    if !unknown.isEmpty { tracker.adopt(try await store.stored(unknown)) }
    return found
  }
}
