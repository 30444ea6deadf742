import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import JSON
import NodeRPC
import Testing

@Suite("Faults on demand")
struct FaultTests {
  private struct WatchNothing: OutputWatching, ScriptSet {
    var scripts: WatchNothing { self }
    var watchesInputs: Bool { false }
    func contains(_ script: RawSpan) -> Bool { false }
    func watches(spending outpoint: Outpoint) -> Bool { false }
  }

  private func bestHash(_ node: SimulatedBitcoinNode) async throws(NodeError) -> Hash32 {
    try await client(of: node).bestBlockHash()
  }

  @Test("a fault befalls the calls it is meant for, as often as it says")
  func counts() async throws {
    let node = try makeNode(blocks: 1)
    node.inject(Fault(.error(code: -32, message: "no"), method: "getbestblockhash", count: 2))
    let client = client(of: node)
    _ = try await client.chainInfo()
    for _ in 0..<2 {
      await #expect(throws: NodeError.rpc(.node(RPCNodeError(code: -32, message: "no")))) {
        try await client.bestBlockHash()
      }
    }
    #expect(try await client.bestBlockHash() == node.tip.hash)
  }

  @Test("faults last until they are taken away")
  func removal() async throws {
    let node = try makeNode(blocks: 1)
    let id = node.inject(Fault(.warmingUp))
    for _ in 0..<3 {
      await #expect(throws: NodeError.rpc(.warmingUp("Loading block index…"))) {
        try await bestHash(node)
      }
    }
    node.removeFault(id)
    #expect(try await bestHash(node) == node.tip.hash)
  }

  @Test("a slow node delays by the injected clock, and runs into the caller's time-out")
  func slow() async throws {
    let clock = NotingClock()
    let node = try makeNode(blocks: 1, clock: clock)
    node.inject(Fault(.slow(milliseconds: 700), count: 2))
    let request = Array(#"{"id":1,"method":"getblockcount"}"#.utf8)
    #expect(
      try await node.post(request, timeoutMilliseconds: 1_000, maximumBytes: 1 << 20).status == 200)
    await #expect(throws: TransportError.timedOut) {
      try await node.post(request, timeoutMilliseconds: 500, maximumBytes: 1 << 20)
    }
    #expect(clock.sleeps == [700, 500])
  }

  @Test("statuses, lost connections and damaged bodies are what the client takes them for")
  func transport() async throws {
    let node = try makeNode(blocks: 1)
    func error(_ kind: Fault.Kind) async throws -> NodeError? {
      node.inject(Fault(kind, count: 1))
      do throws(NodeError) {
        _ = try await bestHash(node)
        return nil
      } catch {
        return error
      }
    }
    #expect(
      try await error(.httpStatus(503, text: "Work queue depth exceeded"))
        == .rpc(.overloaded(status: 503, excerpt: "Work queue depth exceeded")))
    #expect(try await error(.unauthorized) == .rpc(.unauthorized(status: 401)))
    #expect(
      try await error(.connectionDropped)
        == .rpc(.transport(.connectionFailed("the connection was dropped"))))
    for damage in [Fault.BodyDamage.empty, .garbage, .truncated] {
      guard case .rpc(.malformed)? = try await error(.body(damage)) else {
        Issue.record("\(damage) was taken for an answer")
        continue
      }
    }
    node.inject(Fault(.body(.oversized(byteCount: 100_000)), count: 1))
    let request = Array(#"{"id":1,"method":"getblockcount"}"#.utf8)
    #expect(
      try await node.post(request, timeoutMilliseconds: 1, maximumBytes: 1 << 20).body.count
        == 100_000)
  }

  @Test("a batch's answers can come in another order, or not all")
  func batches() async throws {
    let node = try makeNode(blocks: 5)
    let client = client(of: node)
    let expected = try (0..<5).map { try #require(node.machine.block(at: $0)).hash }
    node.inject(Fault(.batch(.reversed), count: 1))
    #expect(try await client.blockHashes(0..<5) == expected)
    let request = Array(
      #"[{"id":1,"method":"getblockcount"},{"id":2,"method":"getblockcount"}]"#.utf8)
    node.inject(Fault(.batch(.incomplete(missing: 1)), count: 1))
    let body = try await node.post(request, timeoutMilliseconds: 1, maximumBytes: 1 << 20).body
    #expect(try JSONValue(parsing: body).elements?.count == 1)
  }

  @Test("a lagging node answers as if its last blocks hadn't come")
  func lagging() async throws {
    let node = try makeNode(blocks: 10)
    let client = client(of: node)
    node.inject(Fault(.laggingTip(blocks: 3)))
    let info = try await client.chainInfo()
    #expect(info.tip == node.machine.block(at: 7)?.ref)
    await #expect(throws: NodeError.heightOutOfRange(8)) { try await client.blockHash(at: 8) }
    #expect(try await client.header(node.tip.hash) == nil)
    #expect(try await client.header(info.bestBlockHash)?.confirmations == 1)
    await #expect(throws: NodeError.unknownBlock(node.tip.hash)) {
      try await client.block(node.tip.hash)
    }
  }

  @Test("a pruned node has headers, but no blocks below its height")
  func pruned() async throws {
    let node = try makeNode(blocks: 10)
    let client = client(of: node)
    node.inject(Fault(.prunedBelow(height: 5)))
    let old = try #require(node.machine.block(at: 4)).hash
    #expect(try await client.chainInfo().pruneHeight == 5)
    #expect(try await client.header(old)?.height == 4)
    await #expect(throws: NodeError.pruned(old)) { try await client.block(old) }
    #expect(try await client.block(node.tip.hash) == node.machine.tip.bytes)
  }

  @Test("a forged header doesn't hash to what was asked for")
  func forgedHeader() async throws {
    let node = try makeNode(blocks: 2)
    let client = client(of: node)
    node.inject(Fault(.forgedHeader, count: 2))
    let forged = try #require(try await client.header(node.tip.hash))
    #expect(try BlockHeader(bytes: forged.bytes.span.bytes).hash != node.tip.hash)
    let raw = try #require(try await client.rawHeaders([node.tip.hash])[0])
    #expect(try BlockHeader(bytes: raw.span.bytes).hash != node.tip.hash)
  }

  @Test("every forged block is caught by the scanner", arguments: BlockForgery.allCases)
  func forgedBlock(_ forgery: BlockForgery) async throws {
    let node = try makeNode(blocks: 101)
    for _ in 0..<4 { try node.pay(script(1), value: 1_000) }
    let block = try #require(try node.mine().first)
    #expect(block.transactions.count == 5)
    let client = client(of: node)
    node.inject(Fault(.wrongBlock(forgery), method: "getblock", count: 1))
    let forged = try await client.block(block.hash)
    #expect(forged != block.bytes)
    let error = #expect(throws: BlockError.self) {
      try BlockScanner.scan(
        forged.span.bytes, expecting: block.hash, network: .regtest, watching: WatchNothing())
    }
    switch (forgery, error) {
    case (.anotherBlock, .headerHash), (.flippedBit, .merkleRoot), (.duplicatedTail, .mutated),
      (.forgedWitness, .witness(.mismatch)), (.insufficientWork, .headerHash),
      (.truncated, .decoding):
      break
    default: Issue.record("\(forgery) was refused for \(String(describing: error))")
    }
    #expect(try await client.block(block.hash) == block.bytes)
  }

  @Test("faults can be had over RPC")
  func overRPC() async throws {
    let node = try makeNode(blocks: 2)
    _ = try await node.result(
      "sim.fault", [.string("lagging"), .string("getblockcount"), .null, .integer(1)])
    #expect(try await node.result("getblockcount") == .integer(1))
    _ = try await node.result("sim.fault", [.string("none")])
    #expect(try await node.result("getblockcount") == .integer(2))
  }
}
