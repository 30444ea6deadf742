import Addresses
import Bytes
import ChainTypes
import Digests
import Ethereum
import JSON
import Testing

@Suite("the execution-apis project's chain")
struct ExecutionAPITests {
  /// A block of `chain.rlp`: [header, transactions, ommers, withdrawals].
  private struct Block {
    let header: EthereumHeader
    let headerBytes: [UInt8]
    let transactions: [[UInt8]]
    let withdrawals: [[UInt8]]?
  }

  private static func chain() throws -> [Block] {
    let bytes = try RealAnswers.bytes("execution-apis/chain.rlp")
    var reader = RLPReader(bytes.span.bytes)
    var blocks: [Block] = []
    while !reader.isAtEnd {
      let item = try reader.readList()
      var fields = reader.reader(of: item)
      let headerBytes = Array(bytes[try fields.readList().encoded])
      let transactions = try encodings(in: &fields, of: bytes)
      _ = try fields.readList()
      let withdrawals = fields.isAtEnd ? nil : try encodings(in: &fields, of: bytes)
      try fields.expectEnd()
      blocks.append(
        Block(
          header: try EthereumHeader(rlp: headerBytes.span.bytes), headerBytes: headerBytes,
          transactions: transactions, withdrawals: withdrawals))
    }
    return blocks
  }

  /// In a block a typed transaction is a string that holds its encoding.
  private static func encodings(
    in fields: inout RLPReader, of bytes: [UInt8]
  ) throws(RLPError) -> [[UInt8]] {
    var items = fields.reader(of: try fields.readList())
    var encodings: [[UInt8]] = []
    while !items.isAtEnd {
      let item = try items.readItem()
      encodings.append(Array(bytes[item.isList ? item.encoded : item.payload]))
    }
    return encodings
  }

  @Test("every block through all forks to Prague: hash, parent and roots")
  func chain() throws {
    let blocks = try Self.chain()
    #expect(blocks.count > 50)
    var types: Set<TransactionType> = []
    for (parent, block) in zip(blocks, blocks.dropFirst()) {
      let name: Comment = "block \(block.header.number)"
      #expect(block.header.rlp == block.headerBytes, name)
      #expect(block.header.parentHash == parent.header.hash, name)
      #expect(block.header.number == parent.header.number + 1, name)
      #expect(TrieRoot.root(of: block.transactions) == block.header.transactionsRoot, name)
      #expect(block.withdrawals.map(TrieRoot.root) == block.header.withdrawalsRoot, name)
      for bytes in block.transactions {
        let transaction = try EthereumTransaction(encoded: bytes)
        #expect(transaction.encoded == bytes, name)
        #expect(SignatureRules.prague.accept(transaction), name)
        types.insert(transaction.type)
      }
      for bytes in block.withdrawals ?? [] {
        #expect(try Withdrawal(rlp: bytes.span.bytes).rlp == bytes, name)
      }
      if let base = block.header.baseFeePerGas, parent.header.baseFeePerGas != nil {
        #expect(EthereumFees.ethereum.nextBaseFee(after: parent.header) == base, name)
      }
    }
    #expect(types == [.legacy, .accessList, .dynamicFee, .blob, .setCode])
    #expect(blocks.last?.header.requestsHash != nil)
  }

  @Test("the blocks that nodes answer with are those of the chain")
  func blocks() throws {
    let answers = try RecordedAnswers()
    let hashes = Set(try Self.chain().map(\.header.hash))
    for name in [
      "london", "merge", "shanghai", "cancun", "prague",
    ] {
      let answer = try answers.result("eth_getBlockByNumber/get-block-\(name)-fork.io")
      let proof = try BlockProof(block: answer.span.bytes, expecting: nil, profile: .ethereum)
      #expect(hashes.contains(proof.hash), "\(name)")
      #expect(
        proof.transactions == nil || proof.transactionCount == 0, "only hashes were asked for")
    }
    for name in ["eth_getBlockByNumber/get-latest.io", "eth_getBlockByHash/get-block-by-hash.io"] {
      let answer = try answers.result(name)
      let proof = try BlockProof(block: answer.span.bytes, expecting: nil, profile: .ethereum)
      #expect(hashes.contains(proof.hash), "\(name)")
      #expect(proof.transactions?.count == proof.transactionCount)
    }
    let genesis = try answers.result("eth_getBlockByNumber/get-genesis.io")
    let header = try EthereumHeader(json: genesis.span.bytes)
    #expect(try Self.chain().contains { $0.header.parentHash == header.hash })
    for name in ["by-notfound-hash", "by-empty-hash"] {
      let none = try answers.result("eth_getBlockByHash/get-block-\(name).io")
      #expect(throws: EthereumError.answer(.null)) { try EthereumHeader(json: none.span.bytes) }
    }
  }

  @Test("the receipts that nodes answer with have the blocks' receipts roots")
  func receipts() throws {
    let answers = try RecordedAnswers()
    for (receipts, block) in [
      ("n", "eth_getBlockByHash/get-block-by-hash.io"),
      ("by-hash", "eth_getBlockByHash/get-block-by-hash.io"),
      ("latest", "eth_getBlockByNumber/get-latest.io"),
      ("0", "eth_getBlockByNumber/get-genesis.io"),
      ("earliest", "eth_getBlockByNumber/get-genesis.io"),
    ] {
      let block = try answers.result(block)
      let answer = try answers.result("eth_getBlockReceipts/get-block-receipts-\(receipts).io")
      let proof = try BlockProof.verify(
        block: block.span.bytes, receipts: answer.span.bytes, expecting: nil, profile: .ethereum)
      #expect(proof.receipts?.count == proof.transactionCount, "\(receipts)")
    }
    var proof = try #require(try? RealBlock.geth().first?.proved())
    for name in ["empty", "not-found", "future"] {
      let none = try answers.result("eth_getBlockReceipts/get-block-receipts-\(name).io")
      #expect(throws: BlockProofError.answer(.answer(.null)), "\(name)") {
        try proof.prove(receipts: none.span.bytes)
      }
    }
  }

  @Test("single transactions and their receipts, of each type, are the chain's")
  func single() throws {
    let answers = try RecordedAnswers()
    let blocks = try Self.chain()
    for name in ["access-list", "dynamic-fee", "legacy-tx", "legacy-create", "setcode-tx"] {
      let answer = try answers.result("eth_getTransactionByHash/get-\(name).io")
      let row = try JSONValue(parsing: answer)
      let transaction = try EthereumTransaction(json: answer.span.bytes)
      #expect(try transaction.hash == Hash32(prefixed: row.text("hash")), "\(name)")
      #expect(try transaction.sender?.hash.bytes == Hex.prefixed(row.text("from")), "\(name)")
      #expect(blocks.contains { $0.transactions.contains(transaction.encoded) }, "\(name)")
    }
    let block = try answers.result("eth_getBlockByHash/get-block-by-hash.io")
    let all = try answers.result("eth_getBlockReceipts/get-block-receipts-n.io")
    let proof = try BlockProof.verify(
      block: block.span.bytes, receipts: all.span.bytes, expecting: nil, profile: .ethereum)
    let creation = try answers.result("eth_getTransactionReceipt/get-legacy-contract.io")
    let receipt = try EthereumReceipt(json: creation.span.bytes)
    #expect(try (0..<proof.transactionCount).contains { try proof.receipt(at: $0) == receipt })
    let setCode = try answers.result("eth_getTransactionReceipt/get-setcode-tx.io")
    #expect(try EthereumReceipt(json: setCode.span.bytes).type == .setCode)
  }

  @Test("logs that nodes answer with are read, and an error's missing result isn't one")
  func logs() throws {
    let answers = try RecordedAnswers()
    for (name, count) in [
      ("contract-addr", 2), ("filter-with-blockHash", 1), ("topic-exact-match", 1),
    ] {
      let answer = try answers.result("eth_getLogs/\(name).io")
      let read = try ClaimedTransfer.all(
        in: answer.span.bytes, watching: WatchingAll(), computingBloom: true)
      #expect(read.logCount == count, "\(name)")
    }
  }
}
