import Bytes
import ChainTracking
import ChainTypes
import Testing

@Suite("Transfers in the mempool")
struct TransferTrackerMempoolTests {
  private func chainWithSeen() throws -> TrackedChain {
    var chain = TrackedChain()
    let changes = chain.look(try look([found("a", spending: ["p", "q"])]))
    #expect(changes.map(\.before) == [nil])
    #expect(words(changes) == ["seen"])
    return chain
  }

  @Test("a look that shows what is known changes nothing")
  func nothingNew() throws {
    var chain = try chainWithSeen()
    #expect(chain.look(try look([found("a", spending: ["p", "q"])])) == [])
    #expect(chain.look(look(present: ["a"])) == [])
  }

  @Test("a seen transfer that left the mempool for no known reason is dropped, and seen again")
  func droppedAndBack() throws {
    var chain = try chainWithSeen()
    #expect(words(chain.look(look())) == ["dropped"])
    #expect(chain.look(look()) == [])
    #expect(words(chain.look(look(present: ["a"]))) == ["seen"])
  }

  @Test("absence from an incomplete look means nothing")
  func incomplete() throws {
    var chain = try chainWithSeen()
    #expect(chain.look(look(isComplete: false)) == [])
  }

  @Test("what is to be kept isn't dropped for its absence, but a rival replaces it all the same")
  func kept() throws {
    var chain = try chainWithSeen()
    #expect(chain.tracker.txidsOutsideBlocks == [hash("a")])
    #expect(chain.look(look(kept: ["a"])) == [])
    let rival = look(present: ["x"], spends: [spend("x", of: "q")], kept: ["a"])
    #expect(chain.look(rival).map(\.after.state) == [.replaced(by: hash("x"))])
    #expect(chain.tracker.txidsOutsideBlocks.isEmpty)
  }

  @Test("a replacement that pays us nothing replaces", arguments: [true, false])
  func replaced(isComplete: Bool) throws {
    var chain = try chainWithSeen()
    let changes = chain.look(
      look(present: ["x"], spends: [spend("x", of: "q")], isComplete: isComplete))
    #expect(changes.map(\.after.state) == [.replaced(by: hash("x"))])
  }

  @Test("a rival that was known before the transfer vanished replaced it")
  func rememberedRival() throws {
    var chain = try chainWithSeen()
    let rival = look(present: ["a", "x"], spends: [spend("x", of: "q")], isComplete: false)
    #expect(chain.look(rival) == [])
    #expect(chain.look(look()).map(\.after.state) == [.replaced(by: hash("x"))])
  }

  @Test("a rival that the transfer itself replaced again isn't what removed it")
  func supersededRival() throws {
    var chain = try chainWithSeen()
    chain.look(look(present: ["a", "x"], spends: [spend("x", of: "q")], isComplete: false))
    chain.look(try look([found("a", spending: ["p", "q"])]))
    #expect(words(chain.look(look())) == ["dropped"])
  }

  @Test("replacements back and forth leave the last one seen")
  func backAndForth() throws {
    var chain = TrackedChain()
    let a = try found("a", spending: ["p"])
    let b = try found("b", spending: ["p"])
    #expect(words(chain.look(look([a]))) == ["seen"])
    #expect(words(chain.look(look([b]))) == ["replaced", "seen"])
    #expect(words(chain.look(look([a]))) == ["replaced", "seen"])
    #expect(try chain.state("b") == .replaced(by: hash("a")))
    #expect(try chain.state("a") == .seen)
  }

  @Test("an orphaned transfer that isn't in the mempool is dropped")
  func orphanedThenDropped() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a")])
    try chain.disconnect()
    #expect(chain.look(look(isComplete: false)) == [])
    #expect(words(chain.look(look())) == ["dropped"])
  }

  @Test("an orphaned transfer whose input is spent in the mempool is replaced")
  func orphanedThenReplaced() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a", spending: ["p"])])
    try chain.disconnect()
    #expect(words(chain.look(look(spends: [spend("x", of: "p")]))) == ["replaced"])
  }

  @Test("a mempool never touches what stands in a block")
  func blocksWin() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found("a", spending: ["p"])])
    #expect(chain.look(look(spends: [spend("x", of: "p")])) == [])
    #expect(chain.look(try look([found("a", spending: ["p"])])) == [])
    #expect(chain.look(look()) == [])
  }

  @Test("transactions with a common input of which both are present both stay")
  func bothPresent() throws {
    var chain = TrackedChain()
    let pair = try [found("a", spending: ["p"]), found("b", spending: ["p"])]
    #expect(words(chain.look(look(pair))) == ["seen", "seen"])
  }
}
