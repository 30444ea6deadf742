import Addresses
import Bytes
import ChainTypes
import JSON
import NodeRPC
import Testing

@Suite("State, fees and transactions of an EVM node") struct EthereumStateTests {
  private let block = BlockRef(height: 16, hash: hash32(7))
  private let accounts = (1...3).map {
    EthereumAddress(Hash20(bytes: [UInt8](repeating: $0, count: 20).span.bytes, at: 0))
  }

  private func place(_ call: JSONValue) -> JSONValue? { call["params"]?.elements?.last }

  @Test("balances are asked at the block's hash")
  func balances() async throws {
    let transport = methodTransport { _, parameters in
      .result(.quantity(UInt64(parameters[0].address?.hash.bytes[0] ?? 0) * 1_000))
    }
    let answer = try await ethereumNode(transport).balances(of: accounts, at: block)
    #expect(answer.value == [1_000, 2_000, 3_000].map { UInt256($0) })
    #expect(!answer.isByNumber)
    let calls = try #require(transport.requests.first?.elements)
    #expect(calls.map(place) == calls.map { _ in ["blockHash": .hash32(block.hash)] })
  }

  @Test("a node that wants numbers is asked by number, says so, and is asked so from then on")
  func byNumber() async throws {
    let transport = methodTransport { _, parameters in
      guard let place = parameters.last?.string else {
        return .error(
          -32602, "invalid argument 1: json: cannot unmarshal object into Go value of type string")
      }
      return .result(place == "0x10" ? "0x5" : "0x6")
    }
    let node = ethereumNode(transport)
    let answer = try await node.balances(of: accounts, at: block)
    #expect(answer.isByNumber)
    #expect(answer.value == [5, 5, 5].map { UInt256($0) })
    #expect(try await node.balances(of: accounts, at: block).isByNumber)
    #expect(transport.requests.count == 3)
  }

  @Test(
    "a state that is gone and a block that isn't known are told apart, and no reason for numbers")
  func missingState() async {
    let errors = [
      (-32000, "missing trie node 0x12 (path )", NodeError.pruned(block.hash)),
      (-32602, "distance to target block exceeds maximum proof window", .pruned(block.hash)),
      (-32000, "header for hash not found", .unknownBlock(block.hash)),
    ]
    for (code, message, expected) in errors {
      let transport = methodTransport { _, _ in .error(code, message) }
      await #expect(throws: expected) {
        try await ethereumNode(transport).proofs(of: accounts, at: block)
      }
      #expect(transport.requests.count == 1)
    }
  }

  @Test("a proof's nodes come as bytes; another account's is refused")
  func proofs() async throws {
    let stranger = accounts[2]
    let node = ethereumNode(
      methodTransport { _, parameters in
        .result([
          "address": parameters[0], "accountProof": ["0xc0", "0x0102"], "balance": "0x7",
          "nonce": "0x0",
        ])
      })
    let proofs = try await node.proofs(of: accounts, at: block).value
    #expect(proofs.map(\.address) == accounts)
    #expect(proofs[0].accountProof == [[0xc0], [1, 2]])
    #expect(proofs[0].balance == UInt256(7))
    let confused = ethereumNode(
      methodTransport { _, _ in
        .result(["address": .address(stranger), "accountProof": [], "balance": "0x7"])
      })
    await #expect(throws: NodeError.self) {
      try await confused.proofs(of: [accounts[0]], at: block)
    }
  }

  @Test("a recorded call returns nothing where there is no code, and nil where it reverts")
  func calls() async throws {
    let node = try ethereumNode(recorded: "call-empty", "call-revert")
    let call = ContractCall(to: accounts[0], input: [0x70, 0xa0, 0x82, 0x31])
    #expect(try await node.call([call, call], at: block).value == [[], nil])
  }

  @Test("recorded fees are one base fee more than blocks, and rewards as many as asked for")
  func feeHistory() async throws {
    let fees = try await ethereumNode(recorded: "feeHistory")
      .feeHistory(blocks: 3, percentiles: [10, 50])
    #expect(fees.oldestBlock == 13)
    #expect(fees.baseFees.map(\.asUInt64) == [0xaa_a7f36, 0x955_8e33, 0x82b_6f6d, 0x726_0180])
    #expect(fees.rewards.map { $0.map(\.asUInt64) }[1] == [2_000_000_000, 2_000_000_000])
    let node = try ethereumNode(recorded: "feeHistory")
    // More blocks, or other percentiles, than were asked for.
    await #expect(throws: NodeError.self) {
      try await node.feeHistory(blocks: 2, percentiles: [10, 50])
    }
    await #expect(throws: NodeError.self) {
      try await node.feeHistory(blocks: 3, percentiles: [10])
    }
  }

  @Test(
    "why a transaction isn't taken is read from the node's words",
    arguments: [
      (-32000, "already known", NodeError.BroadcastRefusal.alreadyKnown),
      (-32000, "known transaction: 12ab", .alreadyKnown),
      (-32000, "unknown transaction type", .rejected),
      (-32000, "nonce too low: next nonce 5, tx nonce 4", .nonceUsed),
      (-32000, "replacement transaction underpriced", .underpriced),
      (-32003, "insufficient funds for gas * price + value: balance 0", .inputsOrBounds),
      (-32000, "typed transaction too short", .rejected),
    ])
  func refusals(code: Int, message: String, refusal: NodeError.BroadcastRefusal) async {
    let node = ethereumNode(methodTransport { _, _ in .error(code, message) })
    await #expect(throws: NodeError.transactionRefused(refusal, message: message)) {
      try await node.send([2])
    }
  }

  @Test("a recorded refusal is one, and what says nothing of the transaction isn't")
  func sending() async throws {
    let node = try ethereumNode(recorded: "raw-badnonce")
    await #expect(
      throws: NodeError.transactionRefused(.rejected, message: "typed transaction too short")
    ) { try await node.send([2]) }
    let broken = ethereumNode(methodTransport { _, _ in .error(-32603, "internal error") })
    await #expect(
      throws: NodeError.rpc(.node(RPCNodeError(code: -32603, message: "internal error")))
    ) { try await broken.send([2]) }
    let taking = ethereumNode(methodTransport { _, _ in .result(.hash32(hash32(9))) })
    #expect(try await taking.send([2]) == hash32(9))
  }

  @Test("a transaction waits in the mempool, stands in a block, or isn't known")
  func transactions() async throws {
    let unknown = try ethereumNode(recorded: "tx-unknown")
    #expect(try await unknown.transactions([hash32(1)]) == [nil])
    let node = ethereumNode(
      methodTransport { _, parameters in
        switch parameters[0].hash32 {
        case hash32(1): .result(["hash": parameters[0], "blockHash": .null, "blockNumber": .null])
        case hash32(2):
          .result([
            "hash": parameters[0], "blockHash": .hash32(hash32(7)), "blockNumber": "0x10",
          ])
        default: .result(["hash": .hash32(hash32(1))])
        }
      })
    let known = try await node.transactions([hash32(1), hash32(2)])
    #expect(known.map { $0?.block } == [.some(nil), block])
    await #expect(throws: NodeError.self) { try await node.transactions([hash32(3)]) }
  }
}
