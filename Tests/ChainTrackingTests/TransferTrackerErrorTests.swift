import Bytes
import ChainTracking
import ChainTypes
import Testing

@Suite("What a chain can't do")
struct TransferTrackerErrorTests {
  private func refuses(
    _ chain: inout TrackedChain, _ error: TrackingError,
    _ body: (inout TransferTracker) throws -> Void
  ) throws {
    let tip = chain.tracker.tip
    let count = chain.tracker.count
    #expect(throws: error) { try body(&chain.tracker) }
    #expect(chain.tracker.tip == tip)
    #expect(chain.tracker.count == count)
  }

  @Test("a block that isn't the tip's child is refused")
  func doesNotLink() throws {
    var chain = TrackedChain()
    let now = chain.now
    let transfer = try found("a")
    for (height, parent) in [(101, "other"), (102, "base"), (100, "base")] as [(UInt32, String)] {
      let block = BlockRef(height: height, hash: hash("1"))
      let error = TrackingError.doesNotLink(block, parent: hash(parent), tip: chain.tip)
      try refuses(&chain, error) {
        _ = try $0.connect(
          block, parent: hash(parent), time: now, found: [transfer], spends: [], now: now)
      }
    }
  }

  @Test("only the tip is disconnected, and only to the height below")
  func disconnects() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a")])
    let tip = chain.tip
    let base = try chain.block("base")
    try refuses(&chain, .notTheTip(base, tip: tip)) { _ = try $0.disconnect(base, newTip: base) }
    try refuses(&chain, .notTheParent(tip, of: tip)) { _ = try $0.disconnect(tip, newTip: tip) }
  }

  @Test("the genesis block can't be disconnected, nor anything while there is no tip")
  func bottom() throws {
    let genesis = BlockRef(height: 0, hash: hash("genesis"))
    var tracker = TransferTracker(rules: TrackedChain.rules, tip: nil, tracked: [])
    #expect(throws: TrackingError.notTheTip(genesis, tip: nil)) {
      try tracker.disconnect(genesis, newTip: genesis)
    }
    tracker = TransferTracker(rules: TrackedChain.rules, tip: genesis, tracked: [])
    #expect(throws: TrackingError.notTheParent(genesis, of: genesis)) {
      try tracker.disconnect(genesis, newTip: genesis)
    }
  }

  @Test("a block above the highest height is refused")
  func highest() throws {
    let top = BlockRef(height: .max, hash: hash("top"))
    let row = TrackedTransfer(
      try found("a"), state: .included(top), firstSeen: Timestamp(seconds: 1), blockTime: nil)
    var tracker = TransferTracker(rules: TrackedChain.rules, tip: top, tracked: [row])
    let block = BlockRef(height: 0, hash: hash("0"))
    #expect(throws: TrackingError.doesNotLink(block, parent: top.hash, tip: top)) {
      try tracker.connect(
        block, parent: top.hash, time: Timestamp(seconds: 1), found: [], spends: [],
        now: Timestamp(seconds: 1))
    }
    #expect(tracker.resume() == [])
  }

  @Test("a transfer twice in a block or in two blocks is refused")
  func twice() throws {
    var chain = TrackedChain()
    let now = chain.now
    let a = try found("a")
    try chain.connect("1", [a])
    let one = chain.tip
    let block = BlockRef(height: 102, hash: hash("2"))
    let b = try found("b")
    try refuses(&chain, .foundTwice(b.id, in: block)) {
      _ = try $0.connect(block, parent: one.hash, time: now, found: [b, b], spends: [], now: now)
    }
    try refuses(&chain, .includedTwice(a.id, in: one, again: block)) {
      _ = try $0.connect(block, parent: one.hash, time: now, found: [b, a], spends: [], now: now)
    }
  }

  @Test("an output spent twice in the active chain is refused")
  func spentTwice() throws {
    var chain = TrackedChain()
    let now = chain.now
    try chain.connect("1", [found("a", spending: ["p"])])
    let one = chain.tip
    let block = BlockRef(height: 102, hash: hash("2"))
    let rival = try found("b", spending: ["p"])
    let error = TrackingError.spentTwice(outpoint("p"), by: hash("a"), and: hash("b"))
    try refuses(&chain, error) {
      _ = try $0.connect(block, parent: one.hash, time: now, found: [rival], spends: [], now: now)
    }
    try refuses(&chain, error) {
      _ = try $0.connect(
        block, parent: one.hash, time: now, found: [], spends: [spend("b", of: "p")], now: now)
    }
    let pair = try [found("c", spending: ["q"]), found("d", spending: ["q"])]
    try refuses(&chain, .spentTwice(outpoint("q"), by: hash("c"), and: hash("d"))) {
      _ = try $0.connect(block, parent: one.hash, time: now, found: pair, spends: [], now: now)
    }
  }
}
