internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Digests

/// A chain as it truly is: blocks, what waits for one, and what was taken back. Its blocks hold
/// nothing that could be verified; who watches it believes them.
struct ScriptedChain {
  /// Value on its way to an address.
  struct Money {
    let txid: Hash32
    let address: String
    let value: UInt64
    /// What its transaction spends: of two that spend it one can be in a block.
    let coin: Outpoint
    var place = Place.waiting

    enum Place: Equatable {
      case waiting
      case block(height: UInt32)
      /// Replaced, or gone with a block that left the chain.
      case gone
    }
  }

  /// From the block above which watching begins.
  private(set) var links: [ChainLink]
  /// By txid, and in the order in which they were sent.
  private(set) var money: [Hash32: Money] = [:]
  private(set) var waiting: [Hash32] = []
  /// Of each link.
  private var contents: [[Hash32]] = [[]]
  /// Spends of coins by transactions that pay nobody here: in blocks by height, and those waiting.
  private var spends: [UInt32: [Spend]] = [:]
  private(set) var waitingSpends: [Spend] = []
  /// Counts what was sent, and the branches.
  private var number = 0
  private var branch = 0

  /// Far enough above zero to count back from.
  static let anchorHeight: UInt32 = 1_000

  init(now: Timestamp) {
    links = [Self.link(Self.anchorHeight, parent: Self.hash("below"), now, branch: 0)]
  }

  var tip: BlockRef { links[links.count - 1].ref }

  func has(_ block: BlockRef) -> Bool {
    block.height >= Self.anchorHeight && block.height <= tip.height
      && links[Int(block.height - Self.anchorHeight)].ref == block
  }

  /// Lowest first.
  func links(above height: UInt32) -> ArraySlice<ChainLink> {
    links.suffix(Int(tip.height) - Int(height))
  }

  func txids(at height: UInt32) -> [Hash32] { contents[Int(height - Self.anchorHeight)] }

  func spends(at height: UInt32) -> [Spend] { spends[height] ?? [] }

  private static func hash(_ text: String) -> Hash32 { SHA256.hash(Array(text.utf8)) }

  private static func link(
    _ height: UInt32, parent: Hash32, _ now: Timestamp, branch: Int
  ) -> ChainLink {
    ChainLink(
      ref: BlockRef(height: height, hash: hash("block \(height) of \(branch)")), parent: parent,
      time: UInt32(clamping: now.microseconds / 1_000_000), bits: 0x207f_ffff, work: 2)
  }

  // MARK: Payers

  @discardableResult
  mutating func send(_ value: UInt64, to address: String) -> Hash32 {
    number += 1
    return wait(
      value, to: address, spending: Outpoint(txid: Self.hash("coin \(number)"), vout: 0))
  }

  private mutating func wait(
    _ value: UInt64, to address: String, spending coin: Outpoint
  ) -> Hash32 {
    number += 1
    let txid = Self.hash("transaction \(number)")
    money[txid] = Money(txid: txid, address: address, value: value, coin: coin)
    waiting.append(txid)
    return txid
  }

  /// Another transaction takes the place of one that waits: it pays `value` to the same address,
  /// or all of it elsewhere.
  mutating func replace(_ txid: Hash32, by value: UInt64?) {
    guard let old = money[txid], old.place == .waiting else { return }
    drop(txid)
    if let value {
      _ = wait(value, to: old.address, spending: old.coin)
    } else {
      number += 1
      waitingSpends.append(Spend(outpoint: old.coin, txid: Self.hash("elsewhere \(number)")))
    }
  }

  private mutating func drop(_ txid: Hash32) {
    money[txid]?.place = .gone
    waiting.removeAll { $0 == txid }
  }

  // MARK: Miners

  /// A block with what waits, but for some.
  mutating func mine(now: Timestamp, leavingOut: (Hash32) -> Bool = { _ in false }) {
    let height = tip.height + 1
    let link = Self.link(height, parent: tip.hash, now, branch: branch)
    let taken = waiting.filter { !leavingOut($0) }
    for txid in taken { money[txid]?.place = .block(height: height) }
    waiting.removeAll { money[$0]?.place != .waiting }
    links.append(link)
    contents.append(taken)
    spends[height] = waitingSpends
    waitingSpends = []
  }

  /// The last `depth` blocks leave the chain, and a branch that is longer by one takes their place.
  /// What stood in them waits again, but for what is lost to a transaction that pays elsewhere.
  mutating func reorganise(
    depth: Int, now: Timestamp, losing: (Hash32) -> Bool, leavingOut: (Hash32) -> Bool
  ) {
    branch += 1
    var lost: [Spend] = []
    for _ in 0..<min(depth, links.count - 1) {
      let height = links.removeLast().ref.height
      let (left, spent) = (contents.removeLast(), spends.removeValue(forKey: height) ?? [])
      lost += spent
      for txid in left {
        guard let coin = money[txid]?.coin else { continue }
        if losing(txid) {
          money[txid]?.place = .gone
          number += 1
          lost.append(Spend(outpoint: coin, txid: Self.hash("elsewhere \(number)")))
        } else {
          money[txid]?.place = .waiting
          waiting.append(txid)
        }
      }
    }
    waitingSpends += lost
    // Empty but for what was spent elsewhere, and then with what waits.
    mine(now: now) { _ in true }
    for _ in 0..<depth { mine(now: now, leavingOut: leavingOut) }
  }
}
