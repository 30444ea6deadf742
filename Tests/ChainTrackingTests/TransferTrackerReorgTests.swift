import Bytes
import ChainTracking
import ChainTypes
import Testing

@Suite("Transfers in reorgs")
struct TransferTrackerReorgTests {
  @Test("a transfer in a disconnected block is orphaned, and seen again in the mempool")
  func orphanedThenSeen() throws {
    // base ── 1[a] ── 2[b]
    //      └─ 1'
    var chain = TrackedChain()
    try chain.connect("1", [found("a")])
    let one = chain.tip
    try chain.connect("2", [found("b")])
    let two = chain.tip
    #expect(try chain.state("a") == .confirmed(one))
    let upper = try chain.disconnect()
    #expect(Set(upper.map(\.after.state)) == [.orphaned(two), .included(one)])
    let lower = try chain.disconnect()
    #expect(lower.map(\.after.state) == [.orphaned(one)])
    #expect(lower[0].after.blockTime == nil)
    try chain.connect("1'")
    #expect(try words(chain.look(look([found("b")], present: ["a"]))) == ["seen", "seen"])
  }

  @Test("a confirmed transfer whose block is disconnected is orphaned at once")
  func confirmedToOrphaned() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a", confirmations: 1)])
    let changes = try chain.disconnect()
    #expect(changes.map(\.before?.state.name) == ["confirmed"])
    #expect(words(changes) == ["orphaned"])
  }

  @Test("a transfer in a block that stays loses its confirmations when the tip is disconnected")
  func lostDepth() throws {
    // base ── 1[a] ── 2
    //              └─ 2'
    var chain = TrackedChain()
    try chain.connect("1", [found("a")])
    let own = chain.tip
    try chain.connect("2")
    let down = try chain.disconnect()
    #expect(down.map(\.before?.state) == [.confirmed(own)])
    #expect(down.map(\.after.state) == [.included(own)])
    #expect(down[0].after.blockTime == down[0].before?.blockTime)
    #expect(try chain.connect("2'").map(\.after.state) == [.confirmed(own)])
  }

  @Test("a transfer deeper than it must be keeps its confirmations")
  func keptDepth() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a", confirmations: 2, finality: 9)])
    try chain.connect("2")
    try chain.connect("3")
    #expect(try chain.disconnect() == [])
    #expect(try chain.connect("3'") == [])
    #expect(try chain.state("a")?.name == "confirmed")
  }

  @Test("a reorg that mines the same transaction again credits it once")
  func sameTransactionAgain() throws {
    // base ── 1[a] ── 2
    //      └─ 1' ── 2'[a] ── 3'
    var chain = TrackedChain()
    var told = try chain.connect("1", [found("a")])
    told += try chain.connect("2")
    told += try chain.disconnect()
    told += try chain.disconnect()
    told += try chain.connect("1'")
    told += try chain.connect("2'", [found("a")])
    told += try chain.connect("3'")
    #expect(
      words(told) == ["included", "confirmed", "included", "orphaned", "included", "confirmed"])
    #expect(told.filter { $0.before == nil }.count == 1)
    #expect(try chain.state("a") == .confirmed(chain.block("2'")))
    for (earlier, later) in zip(told, told.dropFirst()) { #expect(later.before == earlier.after) }
  }

  @Test("a branch that spends an orphaned transfer's input replaces it")
  func orphanedThenReplaced() throws {
    // base ── 1[a spends p]
    //      └─ 1'[x spends p]
    var chain = TrackedChain()
    try chain.connect("1", [found("a", spending: ["p"])])
    #expect(chain.tracker.isPendingInput(outpoint("p")), "a branch may be scanned beforehand")
    try chain.disconnect()
    let changes = try chain.connect("1'", spends: [spend("x", of: "p")])
    #expect(changes.map(\.after.state) == [.replaced(by: hash("x"))])
  }

  @Test("a replaced transfer whose replacement is reorganised away is included again")
  func replacementOrphaned() throws {
    // base ── 1[x spends p]
    //      └─ 1'[a spends p]
    var chain = TrackedChain()
    chain.look(try look([found("a", spending: ["p"])]))
    try chain.connect("1", [found("x", spending: ["p"])])
    #expect(try chain.state("a")?.name == "replaced")
    try chain.disconnect()
    let changes = try chain.connect("1'", [found("a", spending: ["p"])])
    #expect(changes.map(\.after.state) == [.replaced(by: hash("a")), .included(chain.tip)])
    #expect(changes.map(\.after.id) == [try transferID("x"), try transferID("a")])
  }

  @Test("a final transfer stays final while its block stays")
  func finalStays() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a")])
    for label in ["2", "3", "4"] { try chain.connect(label) }
    for _ in 0..<3 { #expect(try chain.disconnect() == []) }
    for label in ["2'", "3'", "4'"] { #expect(try chain.connect(label) == []) }
  }

  @Test("a final transfer that the store hands back is orphaned with its block")
  func finalOrphaned() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a", confirmations: 1, finality: 1)])
    let own = chain.tip
    let row = TrackedTransfer(
      try found("a", confirmations: 1, finality: 1), state: .final(own), firstSeen: chain.now,
      blockTime: chain.now)
    chain.tracker.adopt([row])
    let changes = try chain.disconnect()
    #expect(changes.map(\.before?.state) == [.final(own)])
    #expect(changes.map(\.after.state) == [.orphaned(own)])
    let again = try chain.connect("1'", [found("a", confirmations: 1, finality: 1)])
    #expect(words(again) == ["included", "confirmed", "final"])
  }

  @Test("an adopted final transfer is forgotten again")
  func finalForgotten() throws {
    var chain = TrackedChain()
    try chain.connect("1")
    chain.tracker.adopt([
      TrackedTransfer(
        try found("a"), state: .final(chain.tip), firstSeen: chain.now, blockTime: chain.now)
    ])
    for label in ["2", "3", "4"] { #expect(try chain.connect(label) == []) }
    #expect(chain.tracker.count == 0)
  }
}
