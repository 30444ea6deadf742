import Bytes
import ChainTracking
import ChainTypes
import Testing

/// On an EVM chain what a transaction does depends on what ran before it: in another branch the same
/// transfer may fail, or move something else.
@Suite("Transfers whose transactions are executed again")
struct TransferTrackerExecutionTests {
  private func found(
    _ value: UInt256, to ordinal: UInt64 = 7, effect: FoundTransfer.Effect = .moved
  ) throws -> FoundTransfer {
    let chain = try #require(ChainName("ethereum-dev"))
    return FoundTransfer(
      id: TransferID(chain: chain, txid: hash("a"), position: .log(0)), ordinal: ordinal,
      value: value, inputs: [], isCoinbase: false,
      requirement: ConfirmationRequirement(confirmations: 1, finality: 4), effect: effect)
  }

  @Test("another value, or another recipient, is what counts in the new branch")
  func another() throws {
    var chain = TrackedChain()
    try chain.connect("1", [found(1_000)])
    for next in [try found(999), try found(999, to: 8)] {
      #expect(try words(chain.disconnect()) == ["orphaned"])
      let changes = try chain.connect("again \(next.ordinal)", [next])
      #expect(words(changes) == ["included", "confirmed"])
      #expect(changes.allSatisfy { $0.after.value == 999 && $0.after.ordinal == next.ordinal })
      #expect(chain.tracker.transfer(next.id)?.requirement == next.requirement)
    }
  }

  @Test("a transfer that failed counts where it succeeds, and the reverse")
  func failure() throws {
    var chain = TrackedChain()
    #expect(try words(chain.connect("1", [found(1_000, effect: .failed)])) == ["failed"])
    try chain.disconnect()
    #expect(try words(chain.connect("1'", [found(1_000)])) == ["included", "confirmed"])
    #expect(try words(chain.disconnect()) == ["orphaned"])
    #expect(try words(chain.connect("1''", [found(1_000, effect: .failed)])) == ["failed"])
  }

  @Test("dust stays dust, but for what is more in another branch")
  func dust() throws {
    var chain = TrackedChain()
    #expect(try words(chain.connect("1", [found(5)])) == ["quarantined"])
    try chain.disconnect()
    #expect(try chain.connect("1'", [found(5)]) == [])
    try chain.disconnect()
    let changes = try chain.connect("1''", [found(5_000)])
    #expect(words(changes) == ["included", "confirmed"])
    #expect(changes.last?.after.value == 5_000)
  }
}
