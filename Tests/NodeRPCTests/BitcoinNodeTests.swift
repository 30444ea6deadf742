import Bytes
import ChainTypes
import Digests
import JSON
import NodeRPC
import TestSupport
import Testing

@Suite("A Bitcoin node") struct BitcoinNodeTests {
  private let blockText = "37ba2af9f141ab189223a456be3bbda2ba8c669399df9a5b70f91508a2757f53"
  private let tipText = "01a954530f70cef348c618f80185f169eabdf04692b306b341bc05d523335a92"

  private func hash(_ text: String) throws -> Hash32 { try Hash32(displayHex: text) }

  @Test("a chain's name that is no name is refused before it stands in any message")
  func longChainName() async {
    let name = String(repeating: "x", count: 100_000)
    let node = node(
      methodTransport { _, _ in
        .result(
          .object([
            .init("chain", .string(name)), .init("blocks", 1), .init("headers", 1),
            .init("bestblockhash", .displayHash(hash32(1))),
          ]))
      })
    let error = await #expect(throws: NodeError.self) { try await node.chainInfo() }
    #expect("\(String(describing: error))".utf8.count < 1_000)
  }

  @Test("its chain, tip and height are read from a recorded answer")
  func chainInfo() async throws {
    let info = try await node(recorded: "getblockchaininfo").chainInfo()
    let tip = BlockRef(height: 103, hash: try hash(tipText))
    #expect(info.chain == BitcoinNetwork.regtest.coreName)
    #expect(info.tip == tip)
    #expect(info.headers == 103)
    #expect(!info.initialBlockDownload && !info.pruned && info.pruneHeight == nil)
    #expect(try await node(recorded: "getbestblockhash").bestBlockHash() == tip.hash)
  }

  @Test("a height above its tip is its own error")
  func heightOutOfRange() async throws {
    #expect(try await node(recorded: "getblockhash").blockHash(at: 102) == hash(blockText))
    let node = try node(recorded: "err-height")
    await #expect(throws: NodeError.heightOutOfRange(1_000_000)) {
      try await node.blockHash(at: 1_000_000)
    }
  }

  @Test("a run of hashes ends where its chain ends")
  func blockHashes() async throws {
    let transport = methodTransport { _, parameters in
      guard let height = parameters[0].integer(UInt8.self), height <= 103 else {
        return .error(-8, "Block height out of range")
      }
      return .result(.displayHash(hash32(height)))
    }
    let hashes = try await node(transport).blockHashes(100..<110)
    #expect(hashes == (100...103).map { hash32($0) })
  }

  @Test("a block's hex becomes its bytes, whose header hashes to what was asked")
  func block() async throws {
    let hash = try hash(blockText)
    let bytes = try await node(recorded: "getblock-v0").block(hash)
    #expect(headerHash(bytes) == hash)
  }

  @Test("a header is put together from an old node's answer to the bytes that hash to it")
  func oldHeaders() async throws {
    for height in [0, 1, 50_000, 50_001, 50_002] {
      let json = try JSONValue(
        parsing: Array(try PackageFiles.vector("rpc/bitcoin-etl/getblock_\(height)_2.json")))
      let transport = methodTransport { _, _ in .result(json) }
      let hash = try #require(json["hash"]?.displayHash)
      let header = try #require(try await node(transport).header(hash))
      #expect(header.height == UInt32(height))
      #expect(header.bytes.count == 80)
      #expect(headerHash(header.bytes) == hash)
      #expect(header.isActive)
    }
    let recorded = try PackageFiles.vector("rpc/bitcoin-etl/getblockhash_0.json")
    let answer = try JSONValue(parsing: Array(recorded))
    let genesis = try await node(methodTransport { _, _ in .result(answer) }).blockHash(at: 0)
    #expect(genesis == answer.displayHash)
  }

  @Test("a header whose fields are another block's doesn't hash to what was asked")
  func borrowedFields() async throws {
    let answers = try ["getblock_500000.json", "getblock_50001_2.json"].map {
      try JSONValue(parsing: Array(PackageFiles.vector("rpc/bitcoin-etl/" + $0)))
    }
    let hashes = try answers.map { try #require($0["hash"]?.displayHash) }
    let transport = methodTransport { _, _ in .result(answers[0]) }
    let header = try #require(try await node(transport).header(hashes[0]))
    #expect(header.ref == BlockRef(height: 500_000, hash: hashes[0]))
    #expect(headerHash(header.bytes) == hashes[1])
  }

  @Test("a header is nil where the node doesn't know the block")
  func header() async throws {
    let hash = try hash(blockText)
    let recorded = try Recorded.response("getblockheader")
    let known = try #require(try JSONValue(parsing: recorded.body)["result"])
    let transport = methodTransport { _, parameters in
      parameters[0].displayHash == hash ? .result(known) : .error(-5, "Block not found")
    }
    let headers = try await node(transport).headers([.zero, hash])
    #expect(headers[0] == nil)
    #expect(headers[1]?.ref == BlockRef(height: 102, hash: hash))
    #expect(headers[1]?.chainWork == UInt256(0xce))
    #expect(try headerHash(#require(headers[1]).bytes) == hash)
  }

  @Test("a header of another block than was asked for is refused")
  func otherHeader() async throws {
    let recorded = try Recorded.response("getblockheader")
    let other = try #require(try JSONValue(parsing: recorded.body)["result"])
    let node = node(methodTransport { _, _ in .result(other) })
    await #expect(throws: NodeError.self) { try await node.header(.zero) }
  }

  @Test("a stale block isn't in the active chain")
  func stale() async throws {
    let json = headerJSON(BlockRef(height: 7, hash: hash32(7)), confirmations: -1)
    let header = try await node(methodTransport { _, _ in .result(json) }).header(hash32(7))
    #expect(try #require(header).isActive == false)
  }

  @Test(
    "a block whose data is missing is told apart from one that isn't known",
    arguments: [
      (-1, "Block not available (pruned data)", true),
      (-1, "Block not available (not fully downloaded)", true),
      (-1, "Block not found on disk", true), (-32603, "Can't read block from disk", true),
      (-5, "Block not found", false),
    ])
  func pruned(code: Int, message: String, isPruned: Bool) async {
    let node = node(methodTransport { _, _ in .error(code, message) })
    let expected = isPruned ? NodeError.pruned(hash32(1)) : .unknownBlock(hash32(1))
    await #expect(throws: expected) { try await node.block(hash32(1)) }
  }

  @Test("the mempool is read as txids")
  func mempool() async throws {
    let transport = methodTransport { method, parameters in
      #expect(method == "getrawmempool")
      #expect(parameters.isEmpty)
      return .result(.array([.displayHash(hash32(1)), .displayHash(hash32(2))]))
    }
    #expect(try await node(transport).mempool() == [hash32(1), hash32(2)])
  }

  @Test(
    "a mempool with anything but txids in it is refused",
    arguments: ["1234", String(repeating: "g", count: 64), String(repeating: "a", count: 66)])
  func strangeMempool(txid: String) async {
    let node = node(
      methodTransport { _, _ in
        .result(.array([.string(txid)]))
      })
    await #expect(throws: NodeError.self) { try await node.mempool() }
  }

  @Test("a transaction that left the mempool is nil, not an error")
  func transactions() async throws {
    let transport = methodTransport { _, parameters in
      parameters[0].displayHash == hash32(2)
        ? .error(-5, "No such mempool transaction") : .result(.string("00ff"))
    }
    let transactions = try await node(transport).transactions([hash32(1), hash32(2), hash32(3)])
    #expect(transactions == [[0x00, 0xff], nil, [0x00, 0xff]])
  }

  @Test("spenders come in the order of the outpoints")
  func spenders() async throws {
    let outpoints = [Outpoint(txid: hash32(1), vout: 0), Outpoint(txid: hash32(2), vout: 7)]
    let transport = methodTransport { _, parameters in
      var elements = parameters[0].elements ?? []
      if case .object(let members) = elements[1] {
        elements[1] = .object(members + [.init("spendingtxid", .displayHash(hash32(9)))])
      }
      return .result(.array(elements))
    }
    let node = node(transport)
    #expect(try await node.spendingTransaction(of: outpoints) == [nil, hash32(9)])
    #expect(try await node.spendingTransaction(of: []) == [])
  }

  @Test(
    "refusals of a transaction are told apart",
    arguments: [
      (-25, NodeError.BroadcastRefusal.inputsOrBounds), (-26, .rejected),
      (-27, .alreadyInUTXOSet),
    ])
  func refusals(code: Int, refusal: NodeError.BroadcastRefusal) async {
    let node = node(methodTransport { _, _ in .error(code, "no") })
    await #expect(throws: NodeError.transactionRefused(refusal, message: "no")) {
      try await node.send([1, 2, 3])
    }
  }

  @Test("a transaction that is taken gives its txid")
  func send() async throws {
    let transport = methodTransport { method, parameters in
      #expect(method == "sendrawtransaction" && parameters == [.string("0102ff")])
      return .result(.displayHash(hash32(4)))
    }
    #expect(try await node(transport).send([1, 2, 0xff]) == hash32(4))
  }

  @Test("an estimate without a rate is nil")
  func noEstimate() async throws {
    #expect(try await node(recorded: "estimatesmartfee").estimateFee(withinBlocks: 6) == nil)
  }

  @Test(
    "a rate's decimals become satoshi exactly, and nothing else passes",
    arguments: [
      ("0.00001000", 1_000), ("0.00000001", 1), ("1", 100_000_000), ("0.1", 10_000_000),
      ("0.000000001", nil), ("1e-5", nil), ("-0.1", nil), ("184467440737.09551616", nil),
      ("184467440737.09551615", UInt64.max),
    ])
  func estimate(rate: String, satoshi: UInt64?) async throws {
    let node = node(
      methodTransport { _, _ in .result(.object([.init("feerate", .number(rate))])) })
    if let satoshi {
      #expect(try await node.estimateFee(withinBlocks: 6) == satoshi)
    } else {
      await #expect(throws: NodeError.self) { try await node.estimateFee(withinBlocks: 6) }
    }
  }

  @Test("waiting hands the node the tip we have")
  func wait() async throws {
    let transport = methodTransport { method, parameters in
      #expect(method == "waitfornewblock")
      #expect(parameters == [.integer(500), .displayHash(hash32(1))])
      return .result(
        .object([.init("hash", .displayHash(hash32(2))), .init("height", .number("9"))]))
    }
    let tip = try await node(transport).waitForNewBlock(
      current: hash32(1), timeoutMilliseconds: 500)
    #expect(tip == hash32(2))
  }

  @Test("a node that can't wait is asked once for it, then polled")
  func poll() async throws {
    let transport = ScriptedTransport { request, number in
      let answer: Answer =
        if request["method"]?.string == "waitfornewblock" {
          .error(-32601, "Method not found")
        } else {
          .result(.displayHash(hash32(number < 5 ? 1 : 2)))
        }
      return RPCResponse(status: 200, body: answer.json(id: request["id"] ?? .null).bytes)
    }
    let clock = ManualClock()
    let node = node(transport, clock)
    let early = try await node.waitForNewBlock(current: hash32(1), timeoutMilliseconds: 1_500)
    #expect(early == hash32(1), "nothing came in time")
    #expect(clock.sleeps == [1_000, 500])
    let later = try await node.waitForNewBlock(current: hash32(1), timeoutMilliseconds: 60_000)
    #expect(later == hash32(2))
    let waits = transport.requests.filter { $0["method"]?.string == "waitfornewblock" }
    #expect(waits.count == 1)
  }

  @Test("an old release is a note, not an error")
  func notes() async throws {
    func notes(version: Int) async throws -> [NodeNote] {
      let info = try #require(
        try JSONValue(parsing: Recorded.response("getblockchaininfo").body)["result"])
      let transport = methodTransport { method, _ in
        guard method == "getnetworkinfo" else { return .result(info) }
        return .result(
          .object([
            .init("version", .integer(version)), .init("subversion", .string("/Satoshi/")),
          ]))
      }
      return try await node(transport).notes()
    }
    #expect(try await notes(version: 309_900) == [])
    #expect(
      try await notes(version: 270_000)
        == [.unsupportedVersion(270_000, subversion: "/Satoshi/")])
  }
}

/// A hash whose bytes are all `byte`.
func hash32(_ byte: some BinaryInteger) -> Hash32 {
  Hash32([UInt8](repeating: UInt8(truncatingIfNeeded: byte), count: 32)) ?? .zero
}

/// The hash of a block's first 80 bytes.
func headerHash(_ block: [UInt8]) -> Hash32 {
  let header = Array(block.prefix(80))
  return SHA256d.hash(header.span.bytes)
}

/// What `getblockheader` answers for a block.
func headerJSON(_ block: BlockRef, confirmations: Int) -> JSONValue {
  .object([
    .init("hash", .displayHash(block.hash)), .init("confirmations", .integer(confirmations)),
    .init("height", .integer(block.height)), .init("version", .number("1")),
    .init("merkleroot", .displayHash(.zero)), .init("time", .number("1")),
    .init("nonce", .number("1")),
    .init("bits", .string("207fffff")), .init("chainwork", .displayHash(hash32(1))),
    .init("previousblockhash", .displayHash(.zero)),
  ])
}
