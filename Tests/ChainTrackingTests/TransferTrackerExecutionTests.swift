import Bytes
import ChainTracking
import ChainTypes
import Testing

/// What a block says of a call or a log may differ from what another block said of the same one.
@Suite("Transfers that blocks execute")
struct TransferTrackerExecutionTests {
  private static func block(_ height: UInt32, _ label: String) -> BlockRef {
    BlockRef(height: height, hash: hash("\(label)\(height)"))
  }

  private func found(
    _ value: UInt256, contract: Hash20? = nil, ordinal: UInt64 = 1,
    effect: FoundTransfer.Effect = .moved
  ) throws -> FoundTransfer {
    let chain = try #require(ChainName("ethereum"))
    return FoundTransfer(
      id: TransferID(chain: chain, txid: hash("t"), position: .log(0)), ordinal: ordinal,
      value: value, contract: contract, inputs: [], isCoinbase: false,
      requirement: ConfirmationRequirement(confirmations: 1, finality: 2), effect: effect)
  }

  private func tracker(finalizedHeight: UInt32? = nil) -> TransferTracker {
    TransferTracker(
      rules: TransferRules(coinbaseMaturity: 0, dustLimit: 10), tip: Self.block(10, "a"),
      finalizedHeight: finalizedHeight, tracked: [])
  }

  private func connect(
    _ tracker: inout TransferTracker, _ height: UInt32, _ label: String, on parent: String,
    _ found: [FoundTransfer] = []
  ) throws -> [TransferChange] {
    try tracker.connect(
      Self.block(height, label), parent: Self.block(height - 1, parent).hash,
      time: Timestamp(seconds: Int64(height)), found: found, spends: [],
      now: Timestamp(seconds: 100))
  }

  /// The states and values that `first` in one block and `second` in the block that replaces it
  /// have.
  private func reorganized(
    _ first: FoundTransfer, _ second: FoundTransfer
  ) throws -> [TransferChange] {
    var tracker = tracker()
    _ = try connect(&tracker, 11, "a", on: "a", [first])
    _ = try tracker.disconnect(Self.block(11, "a"), newTip: Self.block(10, "a"))
    return try connect(&tracker, 11, "b", on: "a", [second])
  }

  @Test("a transfer is worth what the block says that it stands in")
  func values() throws {
    let contract = Hash20()
    let changes = try reorganized(
      found(1_000), found(20, contract: contract, ordinal: 7))
    #expect(changes.map(\.after.state.name) == ["included", "confirmed"])
    #expect(changes.allSatisfy { $0.after.value == 20 && $0.after.ordinal == 7 })
    #expect(changes.allSatisfy { $0.after.contract == contract })
  }

  @Test("what failed or was dust in one block counts where another has it move something")
  func better() throws {
    let changes = try reorganized(found(1_000, effect: .failed), found(1_000))
    #expect(changes.map(\.after.state.name) == ["included", "confirmed"])
    let more = try reorganized(found(9), found(1_000))
    #expect(more.map(\.after.value) == [1_000, 1_000])
    let proved = try reorganized(
      found(1_000, effect: .quarantined(.unproven)), found(50))
    #expect(proved.map(\.after.state.name) == ["included", "confirmed"])
    #expect(proved.last?.after.value == 50)
  }

  @Test("what moved something in one block doesn't count where it fails or is dust in another")
  func worse() throws {
    let failed = try reorganized(found(1_000), found(1_000, effect: .failed))
    #expect(failed.map(\.after.state) == [.failed])
    let dust = try reorganized(found(1_000), found(9))
    #expect(dust.map(\.after.state) == [.quarantined(.dust)])
    #expect(dust.map(\.after.value) == [9])
  }

  @Test("a token's value isn't measured by the coin's dust limit")
  func tokenDust() throws {
    var tracker = tracker()
    let changes = try connect(&tracker, 11, "a", on: "a", [found(1, contract: Hash20())])
    #expect(changes.map(\.after.state.name) == ["included", "confirmed"])
  }

  @Test("nothing becomes final above the block that the chain calls final, however deep it is")
  func finality() throws {
    var tracker = tracker(finalizedHeight: 10)
    _ = try connect(&tracker, 11, "a", on: "a", [found(1_000)])
    for height: UInt32 in 12...20 {
      #expect(try connect(&tracker, height, "a", on: "a") == [])
    }
    #expect(!tracker.hasDue)
    tracker.finalizedHeight = 11
    #expect(tracker.hasDue)
    #expect(tracker.resume().map(\.after.state.name) == ["final"])
    #expect(tracker.count == 0)
  }

  @Test("a chain's word alone makes nothing final that isn't as deep as its payment requires")
  func depthBesides() throws {
    var tracker = tracker(finalizedHeight: 10)
    _ = try connect(&tracker, 11, "a", on: "a", [found(1_000)])
    tracker.finalizedHeight = 11
    #expect(!tracker.hasDue)
    #expect(try connect(&tracker, 12, "a", on: "a").map(\.after.state.name) == ["final"])
  }
}
