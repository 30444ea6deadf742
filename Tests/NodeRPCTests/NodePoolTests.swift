import Bytes
import ChainTypes
import NodeRPC
import Testing

@Suite("The pool of nodes") struct NodePoolTests {
  private func block(_ letter: Character, at height: UInt32) -> BlockRef {
    BlockRef(height: height, hash: SimulatedChain.hash(letter))
  }

  private func pool(
    _ chains: [SimulatedChain], quorum: Int, clock: ManualClock = ManualClock(),
    network: BitcoinNetwork = .regtest
  ) throws -> NodePool {
    let nodes = chains.enumerated().map { node($1, clock, name: "node-\($0)") }
    return try NodePool(
      nodes: nodes, quorum: quorum, genesisHash: SimulatedChain.hash("G"), network: network,
      clock: clock)
  }

  @Test("a quorum that could never be reached, or none, is refused", arguments: [-1, 0, 4])
  func impossibleQuorum(quorum: Int) {
    let chains = [SimulatedChain("G"), SimulatedChain("G"), SimulatedChain("G")]
    #expect(throws: NodePoolError.impossibleQuorum(quorum, nodes: 3)) {
      try pool(chains, quorum: quorum)
    }
    #expect(throws: NodePoolError.noNodes) { try pool([], quorum: 1) }
  }

  @Test("tips come in the order of the nodes, failures among them")
  func tips() async throws {
    let down = SimulatedChain("Gab") { $0.failure = .timedOut }
    let pool = try pool([SimulatedChain("Gab"), down, SimulatedChain("Ga")], quorum: 2)
    #expect(
      await pool.tips() == [
        NodeTip(node: 0, outcome: .success(block("b", at: 2))),
        NodeTip(node: 1, outcome: .failure(.rpc(.transport(.timedOut)))),
        NodeTip(node: 2, outcome: .success(block("a", at: 1))),
      ])
  }

  @Test("nodes at one tip agree on it")
  func agreed() async throws {
    let pool = try pool((0..<3).map { _ in SimulatedChain("Gabc") }, quorum: 3)
    #expect(await pool.agreedTip() == .agreed(block("c", at: 3), by: [0, 1, 2]))
  }

  /// ```
  /// node 0   G ─ a ─ b ─ c
  /// node 1   G ─ a ─ b
  /// node 2   G ─ a
  /// ```
  @Test("the highest block that a quorum has is agreed, though some are ahead or behind")
  func lagging() async throws {
    let chains = ["Gabc", "Gab", "Ga"].map { SimulatedChain($0) }
    #expect(
      try await pool(chains, quorum: 1).agreedTip() == .agreed(block("c", at: 3), by: [0]))
    #expect(
      try await pool(chains, quorum: 2).agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
    #expect(
      try await pool(chains, quorum: 3).agreedTip()
        == .agreed(block("a", at: 1), by: [0, 1, 2]))
  }

  /// ```
  /// node 0   G ─ a ─ b
  /// node 1   G ─ a ─ x
  /// ```
  @Test("nodes that disagree on the hash hold the chain")
  func disagreement() async throws {
    let chains = [
      SimulatedChain("Gab") { $0.stale = ["x": 2] }, SimulatedChain("Gax") { $0.stale = ["b": 2] },
    ]
    #expect(
      try await pool(chains, quorum: 2).agreedTip()
        == .held(.disagreement([block("b", at: 2), block("x", at: 2)])))
  }

  /// ```
  /// nodes 0, 1   G ─ a ─ b ─ c
  /// nodes 2, 3       └── x
  /// ```
  @Test("two branches with a quorum each settle nothing, even at unequal heights")
  func splitQuorum() async throws {
    let chains = ["Gabc", "Gabc", "Gax", "Gax"].map { SimulatedChain($0) }
    #expect(
      try await pool(chains, quorum: 2).agreedTip()
        == .held(.disagreement([block("c", at: 3), block("x", at: 2)])))
  }

  @Test("a single node far ahead on a branch of its own doesn't move the others")
  func loneLiar() async throws {
    let chains = [SimulatedChain("Gxyzuvw"), SimulatedChain("Gab"), SimulatedChain("Gab")]
    #expect(
      try await pool(chains, quorum: 2).agreedTip() == .agreed(block("b", at: 2), by: [1, 2]))
  }

  @Test("a node that knows a block only as stale doesn't vote for it")
  func staleIsNoVote() async throws {
    let chains = [SimulatedChain("Gab"), SimulatedChain("Gaxy") { $0.stale = ["b": 2] }]
    #expect(
      try await pool(chains, quorum: 2).agreedTip()
        == .held(.disagreement([block("y", at: 3), block("b", at: 2)])))
  }

  @Test("with honest nodes down the quorum stays what it is, and the chain is held")
  func tooFewNodes() async throws {
    let chains = ["Gab", "Gab", "Gaxy"].map { SimulatedChain($0) }
    let pool = try pool(chains, quorum: 2)
    #expect(await pool.agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
    chains[0].change { $0.failure = .connectionFailed("refused") }
    chains[1].change { $0.failure = .timedOut }
    for _ in 0..<20 {
      #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 1, quorum: 2)))
    }
    chains[0].change { $0.failure = nil }
    chains[1].change { $0.failure = nil }
  }

  @Test("nodes that come back are heard again once their breakers let them")
  func backAgain() async throws {
    let clock = ManualClock()
    let chains = ["Gab", "Gab"].map { SimulatedChain($0) }
    let pool = try pool(chains, quorum: 2, clock: clock)
    chains[0].change { $0.failure = .timedOut }
    for _ in 0..<6 { _ = await pool.agreedTip() }
    let count = chains[0].requestCount
    _ = await pool.agreedTip()
    #expect(chains[0].requestCount == count, "the breaker is open")
    chains[0].change { $0.failure = nil }
    clock.advance(milliseconds: 60_000)
    #expect(await pool.agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
  }

  @Test("a quarantined node neither votes nor serves, and its reason is on show")
  func quarantine() async throws {
    let clock = ManualClock()
    let chains = ["Gab", "Gab"].map { SimulatedChain($0) }
    let pool = try pool(chains, quorum: 2, clock: clock)
    _ = await pool.connect()
    pool.quarantine(0, reason: "header hash isn't the block's", untilMilliseconds: 1_000)
    let count = chains[0].requestCount
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 1, quorum: 2)))
    #expect(try await pool.block(SimulatedChain.hash("b")).node == 1)
    #expect(chains[0].requestCount == count)
    #expect(pool.status()[0].quarantine?.reason == "header hash isn't the block's")
    #expect(pool.status()[1].quarantine == nil)

    pool.quarantine(0, reason: "shorter", untilMilliseconds: 10)
    clock.advance(milliseconds: 999)
    #expect(pool.status()[0].quarantine?.reason == "header hash isn't the block's")
    clock.advance(milliseconds: 1)
    #expect(pool.status()[0].quarantine == nil)
    #expect(await pool.agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
  }

  @Test("who gives false answers is kept out for longer each time, and begins anew after good ones")
  func punishment() throws {
    let clock = ManualClock()
    let pool = try pool([SimulatedChain("Gab")], quorum: 1, clock: clock)
    func pause() -> Int64? {
      pool.quarantine(0, reason: "forged", maximumMilliseconds: 30_000)
      // Another false answer from before the quarantine changes nothing.
      pool.quarantine(0, reason: "forged too", maximumMilliseconds: 30_000)
      let end = pool.status()[0].quarantine?.untilMilliseconds
      let pause = end.map { $0 - clock.nowMilliseconds }
      clock.advance(milliseconds: Int(pause ?? 0))
      #expect(pool.status()[0].quarantine == nil)
      return pause
    }
    #expect((0..<5).map { _ in pause() } == [5_000, 10_000, 20_000, 30_000, 30_000])
    clock.advance(milliseconds: 29_999)
    #expect(pause() == 30_000)
    clock.advance(milliseconds: 30_000)
    #expect(pause() == 5_000)
    pool.release(0)
    #expect(pause() == 5_000)
  }

  @Test("a node that is still downloading the chain has no vote")
  func downloading() async throws {
    let chains = ["Gab", "Ga", "Gab"].map { SimulatedChain($0) { $0.chainName = "main" } }
    chains[1].change { $0.isDownloading = true }
    let pool = try pool(chains, quorum: 2, network: .mainnet)
    #expect(await pool.agreedTip() == .agreed(block("b", at: 2), by: [0, 2]))
    #expect(await pool.tips()[1].outcome == .failure(.initialBlockDownload))
    chains[2].change { $0.isDownloading = true }
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 1, quorum: 2)))
  }

  @Test(
    "a node that doesn't answer isn't waited for where the others settle it",
    .timeLimit(.minutes(1)))
  func stuck() async throws {
    let chains = ["Gab", "Gab", "Gaxyz"].map { SimulatedChain($0) }
    let pool = try pool(chains, quorum: 2)
    _ = await pool.connect()
    chains[2].change { $0.isStuck = true }
    #expect(await pool.agreedTip() == .agreed(block("b", at: 2), by: [0, 1]))
    #expect(await pool.votes(on: block("b", at: 2)).having == [0, 1])
    #expect(await pool.votes(on: block("x", at: 2)).lacking == [0, 1])
    // It wasn't asked to the end, which is no fault of its own.
    #expect(pool.status()[2].score == 1_000)
    #expect(pool.status()[2].breaker == .closed(failures: 0))
  }

  @Test("who has no block at a height, or doesn't answer, says nothing of one there")
  func votes() async throws {
    let chains = ["Gab", "Gax", "Ga", "Gab"].map { SimulatedChain($0) }
    let pool = try pool(chains, quorum: 3)
    _ = await pool.connect()
    chains[3].change { $0.failure = .timedOut }
    let votes = await pool.votes(on: block("b", at: 2))
    #expect(votes.having == [0])
    #expect(votes.lacking == [1])
  }

  @Test("a node that is quarantined while the nodes are asked loses its vote at once")
  func quarantinedMeanwhile() async throws {
    let ahead = SimulatedChain("Gabc")
    let pool = try pool([SimulatedChain("Gab"), ahead], quorum: 2)
    _ = await pool.connect()
    ahead.change { $0.onHeader = { pool.quarantine(0, reason: "forged", untilMilliseconds: nil) } }
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 1, quorum: 2)))
  }

  @Test("a quarantine without an end lasts until an operator ends it")
  func release() async throws {
    let clock = ManualClock()
    let pool = try pool([SimulatedChain("Ga")], quorum: 1, clock: clock)
    pool.quarantine(0, reason: "forged", untilMilliseconds: nil)
    pool.quarantine(0, reason: "shorter", untilMilliseconds: 10)
    clock.advance(milliseconds: 1 << 40)
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 0, quorum: 1)))
    pool.release(0)
    #expect(await pool.agreedTip() == .agreed(block("a", at: 1), by: [0]))
    pool.quarantine(5, reason: "no such node", untilMilliseconds: nil)
  }

  @Test("a node of another chain is quarantined when the pool connects")
  func strangers() async throws {
    let chains = [
      SimulatedChain("Gab"), SimulatedChain("Hab"),
      SimulatedChain("Gab") { $0.chainName = "main" },
    ]
    let status = try await pool(chains, quorum: 1).connect()
    #expect(status.map(\.isIdentified) == [true, false, false])
    #expect(status[0].quarantine == nil)
    #expect(status[1].quarantine?.reason.hasPrefix("its genesis block is") == true)
    #expect(status[2].quarantine?.reason == "its chain is main, not regtest")
  }

  @Test("a node that was moved to another chain is noticed later too")
  func movedNode() async throws {
    let chain = SimulatedChain("Gab")
    let pool = try pool([chain], quorum: 1)
    _ = await pool.connect()
    chain.change { $0.chainName = "testnet4" }
    #expect(await pool.agreedTip() == .held(.tooFewNodes(answering: 0, quorum: 1)))
    #expect(pool.status()[0].quarantine != nil)
  }

  @Test("a node that was down at the start is checked before it serves")
  func lateStranger() async throws {
    let stranger = SimulatedChain("Hab") { $0.failure = .timedOut }
    let pool = try pool([stranger, SimulatedChain("Gab")], quorum: 1)
    _ = await pool.connect()
    stranger.change { $0.failure = nil }
    pool.quarantine(1, reason: "test", untilMilliseconds: nil)
    await #expect(throws: NodePoolError.self) {
      try await pool.block(SimulatedChain.hash("b"))
    }
    #expect(pool.status()[0].quarantine != nil)
  }

  @Test("a block that one node has pruned, doesn't know or can't send comes from another")
  func alternateNode() async throws {
    let chains = [
      SimulatedChain("Gab") { $0.pruned = "b" }, SimulatedChain("Ga"), SimulatedChain("Gab"),
    ]
    let pool = try pool(chains, quorum: 1)
    _ = await pool.connect()
    let served = try await pool.block(SimulatedChain.hash("b"))
    #expect(served.node == 2)
    #expect(served.value == SimulatedChain.hash("b").bytes)
    // What was asked for is no fault of the nodes that don't have it.
    #expect(pool.status().map(\.score) == [1_000, 1_000, 1_000])
  }

  @Test("a second opinion comes from another node, and from nobody where there is none")
  func secondOpinion() async throws {
    let pool = try pool([SimulatedChain("Ga"), SimulatedChain("Ga")], quorum: 1)
    let tip = try await pool.serve { (node) async throws(NodeError) in
      try await node.blockHash(at: 0)
    }
    let other = try await pool.serve(besides: tip.node) { (node) async throws(NodeError) in
      try await node.blockHash(at: 0)
    }
    #expect([tip.node, other.node] == [0, 1])
    let alone = try self.pool([SimulatedChain("Ga")], quorum: 1)
    await #expect(throws: NodePoolError.allFailed([])) {
      try await alone.serve(besides: 0) { (node) async throws(NodeError) in
        try await node.blockHash(at: 0)
      }
    }
  }

  @Test("a block that nobody has is an error with each node's reason")
  func nobodyHasIt() async throws {
    let chains = [
      SimulatedChain("Gab") { $0.pruned = "b" }, SimulatedChain("Ga"), SimulatedChain("Gab"),
    ]
    let pool = try pool(chains, quorum: 1)
    _ = await pool.connect()
    chains[2].change { $0.failure = .timedOut }
    let hash = SimulatedChain.hash("b")
    let expected = NodePoolError.allFailed([
      NodeFailure(node: 0, error: .pruned(hash)), NodeFailure(node: 1, error: .unknownBlock(hash)),
      NodeFailure(node: 2, error: .rpc(.transport(.timedOut))),
    ])
    await #expect(throws: expected) { try await pool.block(hash) }
  }

  @Test("a node that fails serves last until it does better")
  func scores() async throws {
    let chains = ["Gab", "Gab"].map { SimulatedChain($0) }
    let pool = try pool(chains, quorum: 1)
    _ = await pool.connect()
    #expect(pool.servingOrder() == [0, 1])
    chains[0].change { $0.failure = .timedOut }
    #expect(try await pool.block(SimulatedChain.hash("a")).node == 1)
    #expect(pool.servingOrder() == [1, 0])
    chains[0].change { $0.failure = nil }
    for _ in 0..<80 { _ = await pool.tips() }
    #expect(pool.servingOrder() == [0, 1])
  }

  @Test("on one thread the pool does the same in the same order, and waits for nothing outside")
  func singleThread() throws {
    struct Trace: Equatable, Sendable {
      var agreements: [TipAgreement] = []
      var served: [Int] = []
      var requestCounts: [Int] = []
      var sleeps: [Int] = []
    }
    @Sendable func run() throws -> Trace? {
      let clock = ManualClock()
      let chains = [
        SimulatedChain("Gabc"), SimulatedChain("Gab") { $0.failure = .connectionFailed("down") },
        SimulatedChain("Gab"), SimulatedChain("Gax"),
      ]
      let pool = try pool(chains, quorum: 2, clock: clock)
      return SingleThread().run {
        var trace = Trace()
        for round in 0..<12 {
          if round == 8 { chains[1].change { $0.failure = nil } }
          trace.agreements.append(await pool.agreedTip())
          let served = try? await pool.block(SimulatedChain.hash("b"))
          trace.served.append(served?.node ?? -1)
          clock.advance(milliseconds: 500)
        }
        trace.requestCounts = chains.map(\.requestCount)
        trace.sleeps = clock.sleeps
        return trace
      }
    }
    let trace = try #require(try run())
    #expect(trace.agreements.first == .agreed(block("b", at: 2), by: [0, 2]))
    #expect(trace.agreements.last == .agreed(block("b", at: 2), by: [0, 1, 2]))
    for _ in 0..<20 { #expect(try run() == trace) }
  }
}
