import Bytes
import ChainTypes
import Digests
import Ethereum
import Testing

@Suite("proofs of single transactions")
struct ExecutionProofTests {
  @Test("each of a list's items is reached from its root, whatever the list's length")
  func branches() throws {
    for count in [1, 2, 3, 16, 17, 127, 128, 129, 130, 257, 300] {
      // Short ones stand inside their parents.
      let items = (0..<count).map { index in
        [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 1 + index % 40)
      }
      let list = TrieItems(items)
      let trie = IndexTrie(list)
      let branches = trie.branches(to: Set(0..<count))
      #expect(branches.count == count)
      for (index, nodes) in branches {
        #expect(
          try TrieProof.verify(root: trie.root, index: UInt32(index), proof: nodes) == items[index])
      }
      let alone = trie.branches(to: [count - 1, count + 5, -1])
      #expect(alone == [count - 1: try #require(branches[count - 1])])
    }
    #expect(IndexTrie(TrieItems()).branches(to: [0]).isEmpty)
  }

  @Test("receipts of mainnet 21925176 are reached from its header")
  func realReceipts() throws {
    let block = try RealBlock.mainnet21925176().proved()
    let receipts = try #require(block.receipts)
    let branches = IndexTrie(receipts).branches(to: [0, 1, 57, 127, 128, 201])
    for (index, nodes) in branches {
      let bytes = try TrieProof.verify(
        root: block.header.receiptsRoot, index: UInt32(index), proof: nodes)
      #expect(bytes == receipts[index])
      #expect(try EthereumReceipt(encoded: try #require(bytes)) == block.receipt(at: index))
    }
    #expect(branches.count == 6)
    for (index, proof) in block.executions(of: [0, 127, 128, 201]) {
      #expect(try proof.verify().txid == block.transactionHash(at: index))
    }
  }

  private func block() throws -> BlockProof {
    try TestBlock(
      transactions: [TestBlock.payment(value: 5), TestBlock.payment(value: 7, nonce: 4)],
      receipts: [21_000, 42_000].map {
        EthereumReceipt(type: .dynamicFee, outcome: .succeeded, cumulativeGasUsed: $0, logs: [])
      }
    ).proved()
  }

  @Test("what a transaction moved is shown by its proof, and nothing else is")
  func execution() throws {
    let block = try block()
    let proof = try #require(block.executions(of: [1])[1])
    let execution = try proof.verify()
    #expect(execution.block == block.hash)
    #expect(execution.txid == block.transactionHash(at: 1))
    let recipient = try #require(execution.transaction.recipient)
    #expect(execution.moved(7, of: nil, to: recipient, at: .value))
    #expect(!execution.moved(8, of: nil, to: recipient, at: .value))
    #expect(!execution.moved(7, of: recipient, to: recipient, at: .value))
    #expect(!execution.moved(7, of: nil, to: recipient, at: .log(0)))
    #expect(!execution.moved(7, of: nil, to: recipient, at: .trace([0])))
    #expect(try ExecutionProof(rlp: proof.rlp.span.bytes) == proof)
    // Another place of the same block.
    let other = ExecutionProof(
      header: proof.header, index: 0, transactionNodes: proof.transactionNodes,
      receiptNodes: proof.receiptNodes)
    #expect(throws: ExecutionProof.Failure.self) { try other.verify() }
  }

  @Test("a proof of which any byte is another proves nothing, or another block")
  func mutations() throws {
    let block = try block()
    let bytes = try #require(block.executions(of: [0])[0]).rlp
    for offset in stride(from: 0, to: bytes.count, by: 3) {
      var changed = bytes
      changed[offset] ^= 0x10
      guard let proof = try? ExecutionProof(rlp: changed.span.bytes),
        let execution = try? proof.verify()
      else { continue }
      #expect(execution.block != block.hash, "at \(offset)")
    }
    for count in 0..<min(bytes.count, 200) {
      #expect(throws: RLPError.self) {
        try ExecutionProof(rlp: Array(bytes.prefix(count)).span.bytes)
      }
    }
  }
}
