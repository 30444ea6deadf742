import Bytes
import ChainTypes
import Ethereum
import JSON
import NodeRPC
import Synchronization
import Testing

@Suite("An EVM node") struct EthereumNodeTests {
  @Test(
    "a quantity is 0x and digits without a leading zero, and must fit",
    arguments: [
      ("0x0", 0), ("0x1", 1), ("0xff", 255), ("0xFFffffff", UInt32.max), ("0x00", nil),
      ("0x01", nil), ("0x", nil), ("", nil), ("1", nil), ("0X1", nil), ("0x+1", nil),
      ("0x-1", nil), ("0xg", nil), ("0x100000000", nil), (" 0x1", nil),
    ] as [(String, UInt32?)])
  func quantities(text: String, value: UInt32?) {
    #expect(JSONValue.string(text).quantity(UInt32.self) == value)
    #expect((JSONValue.string(text).quantity256 == nil) == (value == nil && text != "0x100000000"))
  }

  @Test("the largest quantity has 64 digits and is written back as it was read")
  func largeQuantities() {
    let most = JSONValue.string("0x" + String(repeating: "f", count: 64))
    #expect(most.quantity256 == .max)
    #expect(JSONValue.quantity(UInt256.max) == most)
    #expect(JSONValue.quantity(UInt256.zero) == "0x0")
    #expect(JSONValue.string("0x1" + String(repeating: "0", count: 64)).quantity256 == nil)
  }

  @Test("a recorded block and its receipts are handed out as they came, and prove each other")
  func recordedBlock() async throws {
    let header = try #require(
      try await ethereumNode(recorded: "block-11").header(.latest))
    #expect(header.ref.height == 11)
    let node = try ethereumNode(recorded: "block-11", "receipts-11")
    let block = try #require(try await node.block(header.hash))
    var proof = try BlockProof(
      block: block.span.bytes, expecting: header.hash, profile: .ethereum)
    let hashes = (0..<proof.transactionCount).map { proof.transactionHash(at: $0) }
    let receipts = try await node.receipts(
      of: header.hash, transactions: hashes, gasUsed: proof.header.gasUsed)
    guard case .whole(let bytes) = receipts else {
      Issue.record("\(String(describing: receipts))")
      return
    }
    try proof.prove(receipts: bytes.span.bytes)
    #expect(proof.header.parentHash == header.parentHash)
    #expect(proof.header.timestamp == header.timestamp)
  }

  @Test("a height above the head, an unknown tag and a pending block have no reference")
  func noBlock() async throws {
    #expect(try await ethereumNode(recorded: "block-future").header(at: 1_048_575) == nil)
    #expect(try await ethereumNode(recorded: "block-future").header(hash32(1)) == nil)
    #expect(try await ethereumNode(recorded: "block-future").block(hash32(1)) == nil)
    let old = ethereumNode(SimulatedEthereum("Ga") { $0.knowsTags = false })
    #expect(try await old.header(.finalized) == nil)
    #expect(try await old.header(.latest)?.ref.height == 1)
    let pending = try ethereumNode(recorded: "pending")
    #expect(try await pending.pendingBlock()?.isEmpty == false)
    await #expect(throws: NodeError.self) { try await pending.header(.latest) }
  }

  @Test("another block than was asked for is refused")
  func anotherBlock() async throws {
    let node = try ethereumNode(recorded: "block-15")
    await #expect(throws: NodeError.self) { try await node.header(at: 14) }
    await #expect(throws: NodeError.self) { try await node.header(hash32(1)) }
  }

  @Test("it says whether it is syncing; one that doesn't know the question isn't")
  func syncing() async throws {
    #expect(try await ethereumNode(recorded: "syncing").isSyncing() == false)
    let behind = ethereumNode(SimulatedEthereum("G") { $0.isSyncing = true })
    #expect(try await behind.isSyncing())
    let plain = ethereumNode(methodTransport { _, _ in .error(-32601, "Method not found") })
    #expect(try await plain.isSyncing() == false)
    let odd = ethereumNode(methodTransport { _, _ in .result("no") })
    await #expect(throws: NodeError.self) { try await odd.isSyncing() }
  }

  @Test("headers come as a chain up to the head")
  func headerChain() async throws {
    let text = String((0..<100).map { Character(Unicode.Scalar(UInt8(33 + $0 % 90))) }.prefix(90))
    let node = ethereumNode(SimulatedEthereum(text))
    let headers = try await node.headers(10..<500)
    #expect(headers.map(\.ref.height) == Array(10..<90))
    #expect(zip(headers, headers.dropFirst()).allSatisfy { $0.hash == $1.parentHash })
    #expect(try await node.headers(90..<95).isEmpty)
  }

  @Test("headers that are small each and too much together are refused before all have come")
  func manyBytes() async throws {
    let node = ethereumNode(SimulatedEthereum(String(repeating: "a", count: 90)))
    let heights = Array(0..<90 as Range<UInt32>)
    let bytes = try await node.headers(heights).reduce(0) { $0 + ($1?.bytes.count ?? 0) }
    #expect(try await node.headers(heights, maximumBytes: bytes).count == 90)
    await #expect(throws: NodeError.rpc(.transport(.tooLarge(limit: bytes - 1)))) {
      try await node.headers(heights, maximumBytes: bytes - 1)
    }
  }

  @Test("a chain that moves while its headers are read is no chain")
  func movingChain() async throws {
    let node = ethereumNode(
      methodTransport { _, parameters in
        let height = parameters[0].quantity(UInt32.self) ?? 0
        let branch: UInt32 = height < 5 ? 0 : 100
        return .result(
          nodeBlock(
            BlockRef(height: height, hash: hash32(height + branch)),
            parent: hash32(max(height, 1) - 1 + branch)))
      })
    #expect(try await node.headers(1..<5).count == 4)
    await #expect(
      throws: NodeError.unusable("its chain changed at 5 while it was read")
    ) { try await node.headers(1..<9) }
  }

  @Test("a branch is walked down by its parents' hashes, no further than asked")
  func parents() async throws {
    let node = ethereumNode(
      methodTransport { _, parameters in
        guard let height = parameters[0].hash32.map({ UInt32($0.bytes[0]) }), height > 2 else {
          return .result(.null)
        }
        return .result(
          nodeBlock(BlockRef(height: height, hash: hash32(height)), parent: hash32(height - 1)))
      })
    #expect(
      try await node.headers(downFrom: hash32(9), count: 4).map(\.ref.height) == [9, 8, 7, 6])
    #expect(try await node.headers(downFrom: hash32(5), count: 9).map(\.ref.height) == [5, 4, 3])
    #expect(try await node.headers(downFrom: hash32(1), count: 9).isEmpty)
  }

  @Test("history that a node has thrown away is told from a block that it doesn't know")
  func prunedHistory() async {
    let node = ethereumNode(methodTransport { _, _ in .error(4444, "pruned history unavailable") })
    await #expect(throws: NodeError.pruned(hash32(1))) { try await node.block(hash32(1)) }
    await #expect(throws: NodeError.pruned(hash32(1))) {
      try await node.receipts(of: hash32(1), transactions: [hash32(2)], gasUsed: 21_000)
    }
  }

  @Test("a provider that limits how often it is asked is asked again, later and for the rest only")
  func rateLimit() async throws {
    let refused = Mutex(Set<String>())
    let clock = ManualClock()
    let transport = methodTransport { _, parameters in
      let height = parameters[0].quantity(UInt32.self) ?? 0
      if height.isMultiple(of: 2), refused.withLock({ $0.insert("\(height)").inserted }) {
        return .error(429, "Your app has exceeded its compute units per second capacity")
      }
      return .result(
        nodeBlock(BlockRef(height: height, hash: hash32(height)), parent: hash32(height &- 1)))
    }
    let headers = try await ethereumNode(transport, clock).headers([1, 2, 3, 4])
    #expect(headers.map { $0?.ref.height } == [1, 2, 3, 4])
    #expect(transport.requests.map { $0.elements?.count } == [4, 2])
    #expect(clock.sleeps.count == 1)
  }

  @Test(
    "a batch that is too large for a provider is sent in smaller ones, and shuts it out of nothing")
  func largeBatch() async throws {
    let sizes = Mutex<[Int]>([])
    let provider = ScriptedTransport { request, _ in
      let calls = request.elements ?? []
      sizes.withLock { $0.append(calls.count) }
      guard calls.count <= 3 else { return RPCResponse(413, "<html>too large</html>") }
      let answers = calls.map { call in
        let height = call["params"]?.elements?.first?.quantity(UInt32.self) ?? 0
        return Answer.result(
          nodeBlock(BlockRef(height: height, hash: hash32(height)), parent: hash32(height &- 1))
        ).json(id: call["id"] ?? .null)
      }
      return RPCResponse(status: 200, body: JSONValue.array(answers).bytes)
    }
    let node = ethereumNode(provider)
    #expect(try await node.headers(1..<21).map(\.ref.height) == Array(1..<21))
    #expect(sizes.withLock { $0 } == [20, 10, 5, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    #expect(node.breakerState == .closed(failures: 0))
  }

  @Test("a trace is handed out however deep its calls lie in each other")
  func deepTrace() async throws {
    let depth = 1_024
    let frame = #"{"type":"CALL","calls":["#
    let trace = String(repeating: frame, count: depth) + String(repeating: "]}", count: depth)
    let transport = ScriptedTransport { request, _ in
      RPCResponse(
        200, #"{"jsonrpc":"2.0","id":\#(request["id"]?.json ?? "0"),"result":[\#(trace)]}"#)
    }
    #expect(
      try await ethereumNode(transport).traces(of: hash32(1)) == Array("[\(trace)]".utf8))
  }

  @Test("without traces there are none, which is asked once; a block that isn't there is an error")
  func traces() async throws {
    let transport = methodTransport { _, _ in
      .error(-32601, "the method debug_traceBlockByHash does not exist/is not available")
    }
    let node = ethereumNode(transport)
    #expect(try await node.traces(of: hash32(1)) == nil)
    #expect(try await node.traces(of: hash32(2)) == nil)
    #expect(transport.requests.count == 1)
    let lagging = ethereumNode(methodTransport { _, _ in .result(.null) })
    await #expect(throws: NodeError.unknownBlock(hash32(1))) {
      try await lagging.traces(of: hash32(1))
    }
    let full = ethereumNode(
      methodTransport { _, _ in .error(-32000, "required historical state unavailable") })
    await #expect(throws: NodeError.pruned(hash32(1))) { try await full.traces(of: hash32(1)) }
  }
}
