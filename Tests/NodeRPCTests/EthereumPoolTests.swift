import ChainTypes
import NodeRPC
import Testing

@Suite("The pool of EVM nodes") struct EthereumPoolTests {
  private func block(_ letter: Character, at height: UInt32) -> BlockRef {
    BlockRef(height: height, hash: SimulatedChain.hash(letter))
  }

  private func pool(_ chains: [SimulatedEthereum], quorum: Int) throws -> EthereumPool {
    let clock = ManualClock()
    return try EthereumPool(
      nodes: chains.enumerated().map { ethereumNode($1, clock, name: "node-\($0)") },
      quorum: quorum,
      identity: EthereumNode.Identity(chainID: 1, genesisHash: SimulatedChain.hash("G")),
      clock: clock)
  }

  /// ```
  /// node 0   G ─ a ─ b ─ c
  /// node 1   G ─ a ─ b
  /// node 2       └── x ─ y
  /// ```
  @Test("the highest head that a quorum has is agreed, though some are ahead or elsewhere")
  func agreedHead() async throws {
    let chains = ["Gabc", "Gab", "Gxy"].map { SimulatedEthereum($0) }
    #expect(
      try await pool(chains, quorum: 2).agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
    let candidates = [block("c", at: 3), block("b", at: 2), block("y", at: 2)]
    #expect(
      try await pool(chains, quorum: 3).agreedTip() == .held(.disagreement(candidates)))
  }

  @Test("a node's head is asked for ten times in the interval, until it is another")
  func waiting() async throws {
    let (clock, chain) = (ManualClock(), SimulatedEthereum("Gab"))
    let pool = try EthereumPool(
      nodes: [ethereumNode(chain, clock, name: "node")], quorum: 1,
      identity: EthereumNode.Identity(chainID: 1, genesisHash: SimulatedChain.hash("G")),
      clock: clock)
    let tip = block("b", at: 2)
    #expect(await pool.agreedTip() == .agreed(tip, by: [0]))
    #expect(await !pool.waitForBlock(above: tip, milliseconds: 500, clock: clock))
    #expect(clock.sleeps == [Int](repeating: 50, count: 10))
    chain.change { $0.active = "Gabc" }
    #expect(await pool.waitForBlock(above: tip, milliseconds: 500, clock: clock))
    #expect(clock.sleeps.count == 11)
  }

  @Test("honest nodes that are down don't make a liar's head agreed")
  func quorumNeverShrinks() async throws {
    let chains = ["Gab", "Gab", "Gxyz"].map { SimulatedEthereum($0) }
    let pool = try pool(chains, quorum: 2)
    #expect(await pool.agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
    for chain in chains.prefix(2) { chain.change { $0.failure = .timedOut } }
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 1, quorum: 2)))
  }

  @Test("a node with another chain id or genesis block is quarantined, also when it is moved later")
  func strangers() async throws {
    let chains = [
      SimulatedEthereum("Gab"), SimulatedEthereum("Hab"),
      SimulatedEthereum("Gab") { $0.chainID = 11_155_111 },
    ]
    let pool = try pool(chains, quorum: 1)
    let status = await pool.connect()
    #expect(status.map(\.isIdentified) == [true, false, false])
    #expect(status[1].quarantine?.reason.hasPrefix("its genesis block is") == true)
    #expect(status[2].quarantine?.reason == "its chain id is 11155111, not 1")
    chains[0].change { $0.chainID = 5 }
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 0, quorum: 1)))
    #expect(pool.status()[0].quarantine?.reason == "its chain id is 5, not 1")
  }

  @Test("a node that is syncing has no vote")
  func syncing() async throws {
    let chains = [
      SimulatedEthereum("Gab"), SimulatedEthereum("Gab") { $0.isSyncing = true },
    ]
    let pool = try pool(chains, quorum: 2)
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 1, quorum: 2)))
    #expect(await pool.tips()[1].outcome == .failure(.initialBlockDownload))
    chains[1].change { $0.isSyncing = false }
    #expect(await pool.agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
  }

  /// ```
  /// node 0   G ─ a ─ b ─ c ─ d     finalized c, safe d
  /// node 1   G ─ a ─ b ─ c ─ d     finalized b, safe c
  /// node 2   G ─ a ─ b             finalized a
  /// ```
  @Test("safe and finalized blocks are agreed apart, each at the highest that a quorum has reached")
  func tags() async throws {
    let chains = [
      SimulatedEthereum("Gabcd") { ($0.finalized, $0.safe) = (3, 4) },
      SimulatedEthereum("Gabcd") { ($0.finalized, $0.safe) = (2, 3) },
      SimulatedEthereum("Gab") { $0.finalized = 1 },
    ]
    let two = try pool(chains, quorum: 2)
    #expect(await two.agreed(on: .finalized) == .agreed(block("b", at: 2), by: [0, 1]))
    #expect(await two.agreed(on: .safe) == .agreed(block("c", at: 3), by: [0, 1]))
    let three = try pool(chains, quorum: 3)
    #expect(await three.agreed(on: .finalized) == .agreed(block("a", at: 1), by: [0, 1, 2]))
    #expect(await three.agreed(on: .safe) == .held(.tooFewNodes(answering: 2, quorum: 3)))
  }

  /// ```
  /// node 0   G ─ a ─ b      finalized b
  /// node 1   G ─ a ─ x      finalized x
  /// ```
  @Test("nodes that finalized different blocks hold, and what they had before isn't taken instead")
  func finalityDisagreement() async throws {
    let chains = [
      SimulatedEthereum("Gab") { $0.finalized = 2 }, SimulatedEthereum("Gax") { $0.finalized = 2 },
    ]
    #expect(
      try await pool(chains, quorum: 2).agreed(on: .finalized)
        == .held(.disagreement([block("b", at: 2), block("x", at: 2)])))
  }

  @Test("a chain without finality is told from nodes that don't answer")
  func noFinality() async throws {
    let chains = [
      SimulatedEthereum("Gab"), SimulatedEthereum("Gab") { $0.knowsTags = false },
      SimulatedEthereum("Gab") { $0.finalized = 1 },
    ]
    let pool = try pool(chains, quorum: 2)
    #expect(await pool.agreed(on: .finalized) == nil)
    chains[0].change { $0.failure = .timedOut }
    #expect(
      await pool.agreed(on: .finalized) == .held(.tooFewNodes(answering: 1, quorum: 2)))
  }

  @Test("who has no block at a height says nothing of one there")
  func votes() async throws {
    let chains = ["Gab", "Gax", "Ga"].map { SimulatedEthereum($0) }
    let votes = try await pool(chains, quorum: 2).votes(on: block("b", at: 2))
    #expect(votes.having == [0])
    #expect(votes.lacking == [1])
  }
}
