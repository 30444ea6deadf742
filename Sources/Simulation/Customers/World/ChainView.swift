internal import Bytes
internal import ChainTracking
internal import ChainTypes

/// The chain as its watcher has seen it: what is told of payments must be true of this.
struct ChainView {
  private(set) var chain: ScriptedChain
  /// By when each transaction was known at the earliest: what came in time isn't late.
  private(set) var known: [Hash32: Timestamp] = [:]
  /// Whether the last look came to its end. Where its process died, some of it may be seen.
  private(set) var isCertain = true
  private var byAddress: [String: [Hash32]] = [:]

  init(chain: ScriptedChain) { self.chain = chain }

  /// Takes in what one step of the watcher has written.
  ///
  /// - Parameters:
  ///   - commits: how many of its two commits hold: blocks, then what waits
  ///   - lookedThrough: until when mempools had been looked through before
  mutating func learn(
    _ now: ScriptedChain, commits: Int, lookedThrough: Timestamp?
  ) {
    isCertain = commits == 2
    guard commits > 0 else { return }
    let floor = lookedThrough ?? Timestamp(microseconds: 0)
    // Below, nothing has changed since the last look.
    let from = max(ScriptedChain.anchorHeight, min(chain.tip.height, now.tip.height) - 10)
    for link in now.links(above: from) {
      let time = Timestamp(seconds: Int64(link.time))
      for txid in now.txids(at: link.ref.height) {
        note(txid, now, at: floor)
        if let before = known[txid], time < before { known[txid] = time }
      }
    }
    if commits == 2 { for txid in now.waiting { note(txid, now, at: floor) } }
    if commits == 2 { chain = now }
  }

  private mutating func note(_ txid: Hash32, _ now: ScriptedChain, at time: Timestamp) {
    guard known[txid] == nil, let money = now.money[txid] else { return }
    known[txid] = time
    byAddress[money.address, default: []].append(txid)
  }

  /// What stands at an address: each value with how deep it is, 0 where it waits for a block.
  func money(at address: String) -> [(value: UInt64, depth: UInt32, known: Timestamp)] {
    (byAddress[address] ?? []).compactMap { txid in
      guard let money = chain.money[txid], let known = known[txid] else { return nil }
      switch money.place {
      case .gone: return nil
      case .waiting: return (money.value, 0, known)
      case .block(let height): return (money.value, chain.tip.height - height + 1, known)
      }
    }
  }

  /// All that stands in blocks, by address.
  var inBlocks: [String: UInt64] {
    chain.money.values.reduce(into: [:]) { sums, money in
      if case .block = money.place { sums[money.address, default: 0] += money.value }
    }
  }
}
