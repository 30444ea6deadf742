import Bytes
import ChainTracking
import ChainTypes
import Testing

@Suite("Transfers in blocks")
struct TransferTrackerBlockTests {
  @Test("a transfer is included, confirmed and final by the depth of its block")
  func depth() throws {
    // base ── 1[a] ── 2 ── 3 ── 4        a: 2 confirmations, final at 4
    var chain = TrackedChain()
    let first = try chain.connect("1", [found("a")])
    #expect(words(first) == ["included"])
    #expect(first[0].before == nil)
    #expect(first[0].after.blockTime == chain.now)
    #expect(first[0].after.firstSeen == chain.now)
    let own = try chain.block("1")
    #expect(try words(chain.connect("2")) == ["confirmed"])
    #expect(try chain.state("a") == .confirmed(own))
    #expect(try chain.connect("3") == [])
    let last = try chain.connect("4")
    #expect(words(last) == ["final"])
    #expect(last[0].after.state == .final(own))
    #expect(last[0].after.blockTime == first[0].after.blockTime)
    #expect(try !chain.tracker.knows(transferID("a")), "a final transfer is forgotten")
    #expect(chain.tracker.count == 0)
    #expect(!chain.tracker.hasPendingInputs)
  }

  @Test("a requirement of 0 or 1 confirmations is met by the block itself", arguments: [0, 1])
  func immediately(confirmations: UInt32) throws {
    var chain = TrackedChain()
    let changes = try chain.connect("1", [found("a", confirmations: confirmations)])
    #expect(words(changes) == ["included", "confirmed"])
    #expect(changes[1].before == changes[0].after)
  }

  @Test("all steps that are due at once are told one by one")
  func allAtOnce() throws {
    var chain = TrackedChain()
    let changes = try chain.connect("1", [found("a", confirmations: 1, finality: 0)])
    #expect(words(changes) == ["included", "confirmed", "final"])
  }

  @Test("two outputs of a transaction to one address are two transfers")
  func twoOutputs() throws {
    var chain = TrackedChain()
    let pair = try [found("a", vout: 0), found("a", vout: 3)]
    #expect(try words(chain.connect("1", pair)) == ["included", "included"])
    #expect(try chain.connect("2").map(\.after.id) == [transferID("a", 0), transferID("a", 3)])
    #expect(try words(chain.disconnect()) == ["included", "included"])
    #expect(try words(chain.disconnect()) == ["orphaned", "orphaned"])
    #expect(
      words(chain.look(look(spends: [spend("x", of: "a-coin")]))) == ["replaced", "replaced"])
  }

  @Test("a transfer that was seen is included when mined")
  func seenThenIncluded() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a")]))
    let firstSeen = chain.now
    let changes = try chain.connect("1", [found("a")])
    #expect(changes.map(\.before?.state) == [.seen])
    #expect(changes[0].after.firstSeen == firstSeen)
  }

  @Test("the requirement is the one that the transfer began with")
  func fixedRequirement() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a", confirmations: 3)]))
    try chain.connect("1", [found("a", confirmations: 1)])
    #expect(try chain.state("a")?.name == "included")
  }

  @Test("a coinbase output isn't confirmed before it is mature")
  func coinbase() throws {
    // base ── 1[a] ── 2 ── 3 ── 4 ── 5        mature at 5 confirmations
    var chain = TrackedChain()
    let coinbase = try found("a", isCoinbase: true, confirmations: 1, finality: 2)
    #expect(try words(chain.connect("1", [coinbase])) == ["included"])
    #expect(!chain.tracker.isPendingInput(Outpoint(txid: .zero, vout: .max)))
    for label in ["2", "3", "4"] { #expect(try chain.connect(label) == []) }
    #expect(try words(chain.connect("5")) == ["confirmed", "final"])
  }

  @Test("another coinbase doesn't replace an orphaned one")
  func orphanedCoinbase() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a", isCoinbase: true)])
    try chain.disconnect()
    let nullSpend = Spend(outpoint: Outpoint(txid: .zero, vout: .max), txid: hash("b"))
    let changes = try chain.connect("1'", [found("b", isCoinbase: true)], spends: [nullSpend])
    #expect(words(changes) == ["included"])
    #expect(words(chain.look(look())) == ["dropped"])
  }

  @Test("dust is recorded once and never followed")
  func dust() throws {
    var chain = TrackedChain()
    let dust = try found("a", value: 545)
    #expect(words(chain.look(look([dust]))) == ["quarantined"])
    #expect(try chain.state("a") == .quarantined(.dust))
    #expect(try chain.connect("1", [dust]) == [])
    #expect(try chain.disconnect() == [])
    #expect(chain.look(look()) == [])
    #expect(!chain.tracker.hasPendingInputs)
    #expect(try words(chain.connect("1'", [found("b", value: 546)])) == ["included"])
  }

  @Test("a block transaction that spends a seen transfer's input replaces it")
  func replacedByBlock() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a", spending: ["p", "q"])]))
    #expect(chain.tracker.isPendingInput(outpoint("q")))
    let changes = try chain.connect("1", spends: [spend("x", of: "q")])
    #expect(changes.map(\.after.state) == [.replaced(by: hash("x"))])
    #expect(!chain.tracker.hasPendingInputs)
  }

  @Test("a replacement that pays us too replaces first and is then included")
  func replacementPaysUs() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a", spending: ["p"])]))
    let changes = try chain.connect("1", [found("b", spending: ["p"])])
    #expect(words(changes) == ["replaced", "included"])
    #expect(changes[0].after.state == .replaced(by: hash("b")))
  }

  @Test("its own mining, or a spend of another output, replaces nothing")
  func noReplacement() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a", spending: ["p"])]))
    let changes = try chain.connect(
      "1", [found("a", spending: ["p"])],
      spends: [
        spend("a", of: "p"), Spend(outpoint: outpoint("p", 1), txid: hash("x")),
      ])
    #expect(words(changes) == ["included"])
  }

  @Test("a dropped transfer is replaced when a block spends its input")
  func droppedThenReplaced() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a")]))
    #expect(words(chain.look(look())) == ["dropped"])
    #expect(try words(chain.connect("1", spends: [spend("x", of: "a-coin")])) == ["replaced"])
  }

  @Test("a transfer that was evicted and later mined is included once")
  func evictedThenMined() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a")]))
    chain.look(look())
    #expect(try words(chain.connect("1", [found("a")])) == ["included"])
    #expect(chain.look(look()) == [])
  }

  @Test("while crediting is halted nothing is confirmed or final; then what is due is")
  func halted() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a"), found("b", confirmations: 9, finality: 9)])
    chain.tracker.creditingHalted = true
    for label in ["2", "3", "4", "5"] { #expect(try chain.connect(label) == []) }
    var resumed = chain
    #expect(words(resumed.tracker.resume()) == ["confirmed", "final"])
    #expect(resumed.tracker.resume() == [])
    chain.tracker.creditingHalted = false
    #expect(try words(chain.connect("6")) == ["confirmed", "final"])
  }

  @Test("what was due during a halt isn't when its depth is gone by then")
  func haltedThenDisconnected() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a")])
    chain.tracker.creditingHalted = true
    try chain.connect("2")
    #expect(try chain.disconnect() == [])
    #expect(chain.tracker.resume() == [])
    #expect(try words(chain.connect("2'")) == ["confirmed"])
  }

  @Test("a tracker made from stored rows goes on where they stand")
  func restart() throws {
    var chain = TrackedChain()
    chain.look(try look([found("s", spending: ["p"])]))
    try chain.connect("1", [found("a"), found("b", confirmations: 1)])
    let rows = try ["s", "a", "b"].map { try #require(chain.tracker.transfer(transferID($0))) }
    var restarted = chain
    restarted.tracker = TransferTracker(
      rules: TrackedChain.rules, tip: chain.tip, tracked: rows.reversed())
    for _ in 0..<2 {
      let spends = [spend("x", of: "p")]
      #expect(
        try chain.connect("next", spends: spends) == restarted.connect("next", spends: spends))
    }
  }

  @Test("rows that were due when the program stopped step with the next block")
  func overdueRows() throws {
    let base = BlockRef(height: 100, hash: hash("base"))
    let row = TrackedTransfer(
      try found("a"), state: .included(BlockRef(height: 90, hash: hash("old"))),
      firstSeen: Timestamp(seconds: 1), blockTime: Timestamp(seconds: 1))
    var chain = TrackedChain(tracked: [row])
    #expect(chain.tip == base)
    #expect(try words(chain.connect("1")) == ["confirmed", "final"])
  }

  @Test("dropped, replaced and dust transfers are forgotten after the retention, and adopted back")
  func retention() throws {
    var chain = TrackedChain()
    chain.look(
      try look([found("a"), found("b", spending: ["p"]), found("c", value: 1)]))
    chain.look(look(spends: [spend("x", of: "p")]))
    let rows = try ["a", "b", "c"].map { try #require(chain.tracker.transfer(transferID($0))) }
    #expect(rows.map(\.state.name) == ["dropped", "replaced", "quarantined"])
    for label in ["1", "2"] { try chain.connect(label) }
    #expect(chain.tracker.count == 3)
    try chain.connect("3")
    #expect(chain.tracker.count == 0)
    #expect(!chain.tracker.hasPendingInputs)
    chain.tracker.adopt(rows)
    let changes = try chain.connect("4", [found("a"), found("b", spending: ["p"])])
    #expect(changes.map(\.before?.state.name) == ["dropped", "replaced"])
    try chain.connect("5")
    #expect(try chain.state("c") == .quarantined(.dust))
    try chain.connect("6")
    #expect(try chain.state("c") == nil)
  }

  @Test("a transfer mined in the last block that remembers it is still the same transfer")
  func minedAtTheEnd() throws {
    var chain = TrackedChain()
    chain.look(try look([found("a"), found("c", value: 1)]))
    chain.look(look())
    for label in ["1", "2"] { try chain.connect(label) }
    #expect(try chain.tracker.knows(transferID("a")))
    let changes = try chain.connect("3", [found("a"), found("c", value: 1)])
    #expect(changes.map(\.before?.state) == [.dropped])
  }

  @Test("what rests before the first block is remembered from that block on")
  func restBeforeFirstBlock() throws {
    var tracker = TransferTracker(rules: TrackedChain.rules, tip: nil, tracked: [])
    let now = Timestamp(seconds: 1)
    _ = tracker.look(try look([found("a")]), now: now)
    _ = tracker.look(look(), now: now)
    for height: UInt32 in 500...503 {
      #expect(tracker.count == 1)
      _ = try tracker.connect(
        BlockRef(height: height, hash: hash("\(height)")), parent: hash("\(height - 1)"),
        time: now, found: [], spends: [], now: now)
    }
    #expect(tracker.count == 0)
  }
}
