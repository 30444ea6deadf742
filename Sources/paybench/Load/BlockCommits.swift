internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Digests
internal import Settlement
internal import Watching

/// Blocks in which open payments are paid, from what a scan has found of them to the committed
/// step: what a watcher asks its store at each block, the transfer machine, and the step with
/// headers, proofs, transfers, payments, ledger and events. The payments that take turns are spread
/// evenly over all, so that what one's commit reads none before had read, and one that was paid is
/// paid again only once all have had their turn.
final class BlockCommits {
  /// In satoshi, of each payment.
  static let due: UInt256 = 150_000

  private let shop: ManyPayments
  private let hits: Int
  private let turns: Int
  /// Who begins elsewhere pays others.
  private let shift: Int
  private var turn = 0
  private var tracker: TransferTracker
  private var cursor: ChainCursor
  private var tip: ChainLink
  /// Within the payments' time.
  private let now: Timestamp

  private typealias Standing = (cursor: ChainCursor, tip: ChainLink, tracker: TransferTracker)

  /// - Parameters:
  ///   - hits: how many payments each block pays
  ///   - turns: how many payments take turns
  ///   - isBetween: pays those that lie halfway between two that are paid otherwise
  static func begin(
    _ shop: ManyPayments, hits: Int, turns: Int, isBetween: Bool = false
  ) async throws -> BlockCommits {
    BlockCommits(shop, hits: hits, turns: turns, isBetween, try await standing(shop))
  }

  private init(
    _ shop: ManyPayments, hits: Int, turns: Int, _ isBetween: Bool, _ standing: Standing
  ) {
    (self.shop, self.hits, self.turns) = (shop, hits, min(turns, shop.payments - 1))
    shift = isBetween ? (shop.payments - 1) / self.turns / 2 : 0
    (cursor, tip, tracker) = standing
    now = Timestamp(seconds: Int64(standing.tip.time))
  }

  private static func standing(_ shop: ManyPayments) async throws -> Standing {
    guard let record = try await shop.store.record(of: shop.spec.name, window: 1),
      let tip = record.links.last
    else { throw BenchmarkFailure("the chain's cursor is missing") }
    let rules = TransferRules(
      coinbaseMaturity: shop.spec.coinbaseMaturity, dustLimit: shop.spec.dustLimit)
    return (
      record.cursor, tip,
      TransferTracker(rules: rules, tip: record.cursor.tip, tracked: record.tracked)
    )
  }

  /// The milliseconds that a block takes, on average over so many.
  @discardableResult
  func run(_ blocks: Int) async throws -> Double {
    // Another process may have committed meanwhile.
    (cursor, tip, tracker) = try await Self.standing(shop)
    var seconds = 0.0
    for _ in 0..<blocks {
      let block = nextBlock()
      seconds += try await WallClock.seconds { try await commit(block) }
    }
    return seconds * 1_000 / Double(blocks)
  }

  private struct Block {
    let link: ChainLink
    let payments: [(id: TransferID, ordinal: UInt64)]
    let proofs: [TransferProof]
  }

  private func nextBlock() -> Block {
    let height = tip.ref.height + 1
    let hash = SHA256.hash(Array("block \(height)".utf8))
    let link = ChainLink(
      ref: BlockRef(height: height, hash: hash), parent: tip.ref.hash, time: tip.time,
      bits: tip.bits, work: tip.work)
    let payments = (0..<hits).map { hit in
      let txid = SHA256.hash(Array("\(height) \(hit)".utf8))
      return (
        TransferID(chain: shop.spec.name, txid: txid, position: .vout(0)),
        ordinal(turn + hit)
      )
    }
    turn += hits
    // As long as those of a block of 2,500 transactions.
    let siblings = [Hash32](repeating: hash, count: 12)
    let coinbase = TransactionProof.Coinbase(
      transaction: [UInt8](repeating: 1, count: 250), siblings: siblings)
    let proofs = payments.map { payment in
      TransferProof(
        txid: payment.0.txid, block: link.ref,
        evidence: .inclusion(
          TransactionProof(
            transaction: [UInt8](repeating: 2, count: 150),
            branch: MerkleBranch(position: 1, siblings: siblings), coinbase: coinbase),
          header: [UInt8](repeating: 3, count: 80)))
    }
    return Block(link: link, payments: payments, proofs: proofs)
  }

  private func commit(_ block: Block) async throws {
    let (store, chain) = (shop.store, shop.spec.name)
    let new = try await store.scripts(for: chain, after: cursor.addressesThrough, limit: 10_000)
    guard new.isEmpty else { throw BenchmarkFailure("addresses aren't watched") }
    let slots = try await store.openSlots(on: chain)
    let requirements = try await store.requirements(
      on: chain, ordinals: block.payments.map(\.ordinal))
    guard requirements.count == Set(block.payments.map(\.ordinal)).count else {
      throw BenchmarkFailure("addresses have no payments")
    }
    tracker.adopt(try await store.stored(block.payments.map(\.id)))
    let found = try block.payments.map { payment in
      guard let requirement = requirements[payment.ordinal] else {
        throw BenchmarkFailure("an address has no payment")
      }
      return FoundTransfer(
        id: payment.id, ordinal: payment.ordinal, value: Self.due,
        inputs: [Outpoint(txid: payment.id.txid, vout: 1)], isCoinbase: false,
        requirement: requirement)
    }
    var step = ChainStep(
      chain: chain, expectedVersion: cursor.version, addressesThrough: cursor.addressesThrough,
      now: now)
    step.slotsVersion = slots.version
    step.connected = [block.link]
    step.headers = [block.link.ref: [UInt8](repeating: 3, count: 80)]
    step.changes = try tracker.connect(
      block.link.ref, parent: block.link.parent, time: now, found: found, spends: [], now: now)
    step.proofs = block.proofs
    cursor = try await store.commit(step)
    tip = block.link
    guard step.changes.count >= hits else { throw BenchmarkFailure("transfers are missing") }
  }

  /// Throws unless the payments whose turn was are paid.
  func check() async throws {
    let last = min(turn, turns)
    let ordinals = stride(from: 0, to: last, by: max(1, last / 50)).map(ordinal)
    let family = shop.spec.family.name
    let statuses = try await shop.database.read { connection in
      try ordinals.map { ordinal in
        try connection.queryFirst(
          """
          SELECT payments.status FROM addresses
          JOIN payments ON payments.payment_id = addresses.payment_id
          WHERE addresses.family = $1 AND addresses.ordinal = $2
          """, [.text(family), .integer(Int64(ordinal))]
        )?.text("status")
      }
    }
    guard statuses.allSatisfy({ $0 == "paid" || $0 == "settled" }) else {
      throw BenchmarkFailure("payments that blocks paid are \(statuses)")
    }
  }

  /// Of the payment whose turn it is. The first one was made otherwise.
  private func ordinal(_ turn: Int) -> UInt64 {
    UInt64(2 + shift + turn % turns * ((shop.payments - 1) / turns))
  }
}
