import Addresses
import Bytes
import ChainTypes
import Ethereum
import JSON
import Testing

@Suite("real blocks")
struct RealBlockTests {
  @Test("mainnet 18000000: header, 94 transactions and the withdrawals are what the hash covers")
  func mainnet18000000() throws {
    let proof = try RealBlock.mainnet18000000().proved()
    #expect(
      proof.hash.hex == "95b198e154acbfc64109dfd22d8224fe927fd8dfdedfae01587674482ba4baf3")
    #expect(proof.header.number == 18_000_000)
    #expect(proof.transactions?.count == 94)
    #expect(proof.withdrawals.count == 16)
    #expect(proof.receipts == nil)
    try RealBlock.mainnet18000000().checkTransactions(of: proof)
    let next = try RealBlock.mainnet18000001().proved()
    #expect(next.header.parentHash == proof.hash)
    #expect(next.transactions?.count == 132)
    try RealBlock.mainnet18000001().checkTransactions(of: next)
  }

  @Test("mainnet 1000001: a header and a transaction of 2016")
  func mainnet1000001() throws {
    let proof = try RealBlock.mainnet1000001().proved()
    #expect(proof.header.number == 1_000_001)
    #expect(proof.header.baseFeePerGas == nil)
    try RealBlock.mainnet1000001().checkTransactions(of: proof)
  }

  @Test("mainnet 21925176: header and 202 receipts with 463 logs")
  func mainnet21925176() throws {
    let proof = try RealBlock.mainnet21925176().proved()
    #expect(
      proof.hash.hex == "92dabfa3f61ff1c349d12f5fd0dd4c99760a0a41b77dee8f0a80f83efdcb307a")
    #expect(proof.receipts?.count == 202)
    #expect(proof.transactions == nil)
    try RealBlock.mainnet21925176().checkReceipts(of: proof)
    let logCount = try (0..<202).reduce(0) { try $0 + (proof.receipt(at: $1)?.logs.count ?? 0) }
    #expect(logCount == 463)
  }

  @Test("mainnet 19431837: hash, 322 transactions and their senders from a beacon block's payload")
  func mainnet19431837() throws {
    let block = try RealAnswers.json("mainnet/block_deneb.json.gz")
    let payload = try #require(block["body"]?["execution_payload"])
    func hash(_ name: String) throws -> Hash32 { try Hash32(prefixed: payload[name]?.string) }
    func number(_ name: String) throws -> UInt64 {
      try payload.decimal(name)
    }
    let encoded = try payload.list("transactions").map {
      try Hex.prefixed($0.string)
    }
    let withdrawals = try payload.list("withdrawals").map { row in
      Withdrawal(
        index: try row.decimal("index"),
        validatorIndex: try row.decimal("validator_index"),
        recipient: try EthereumAddress(row.text("address")),
        gwei: try row.decimal("amount"))
    }
    var header = EthereumHeader(
      number: try number("block_number"), parentHash: try hash("parent_hash"),
      stateRoot: try hash("state_root"), timestamp: try number("timestamp"))
    header.beneficiary = try EthereumAddress(payload.text("fee_recipient"))
    header.receiptsRoot = try hash("receipts_root")
    header.transactionsRoot = TrieRoot.root(of: encoded)
    header.withdrawalsRoot = TrieRoot.root(of: withdrawals.map(\.rlp))
    header.logsBloom = try #require(LogBloom(Hex.prefixed(payload["logs_bloom"]?.string)))
    header.mixHash = try hash("prev_randao")
    header.gasLimit = try number("gas_limit")
    header.gasUsed = try number("gas_used")
    header.extraData = try Hex.prefixed(payload["extra_data"]?.string)
    header.baseFeePerGas = UInt256(try number("base_fee_per_gas"))
    header.blobGasUsed = try number("blob_gas_used")
    header.excessBlobGas = try number("excess_blob_gas")
    header.parentBeaconBlockRoot = try Hash32(prefixed: block["parent_root"]?.string)
    #expect(try header.hash == hash("block_hash"))

    let expected = try RealAnswers.json("mainnet/txs-19431837.json.gz").list("transactions")
    #expect(expected.count == 322)
    #expect(encoded.count == expected.count)
    var types: Set<TransactionType> = []
    for (bytes, row) in zip(encoded, expected) {
      let transaction = try EthereumTransaction(encoded: bytes)
      #expect(transaction.encoded == bytes)
      #expect(try transaction.hash == Hash32(prefixed: row["hash"]?.string))
      #expect(transaction.sender?.text == row["from"]?.string)
      #expect(SignatureRules.cancun.accept(transaction))
      types.insert(transaction.type)
    }
    #expect(types == [.legacy, .accessList, .dynamicFee, .blob])
  }

  @Test("mainnet 17173049 and 17173050: receipts from another program's tables")
  func ethereumETL() throws {
    let transactions = try RealAnswers.lines("mainnet/etl-17173049-expected_transactions.jsonl.gz")
    let logs = try RealAnswers.lines("mainnet/etl-17173049-expected_logs.jsonl.gz")
    for block in try RealAnswers.lines("mainnet/etl-17173049-expected_blocks.jsonl.gz") {
      let hash = block["hash"]?.string
      let receipts = try transactions.filter { $0["block_hash"]?.string == hash }.map { row in
        let own = logs.filter { $0["transaction_hash"] == row["hash"] }
        return EthereumReceipt(
          type: try #require(
            row["transaction_type"]?.integer(UInt8.self).flatMap(TransactionType.init)),
          outcome: row["receipt_status"]?.integer(Int.self) == 1 ? .succeeded : .failed,
          cumulativeGasUsed: try row.decimal("receipt_cumulative_gas_used"),
          logs: try own.map(Self.log))
      }
      #expect(receipts.count == block["transaction_count"]?.integer(Int.self))
      let root = TrieRoot.root(of: receipts.map(\.encoded))
      #expect(try root == Hash32(prefixed: block["receipts_root"]?.string))
      let withdrawals = try block.list("withdrawals").map { row in
        Withdrawal(
          index: try row.decimal("index"),
          validatorIndex: try row.decimal("validator_index"),
          recipient: try EthereumAddress(row.text("address")),
          gwei: try row.decimal("amount"))
      }
      let withdrawalsRoot = TrieRoot.root(of: withdrawals.map(\.rlp))
      #expect(try withdrawalsRoot == Hash32(prefixed: block["withdrawals_root"]?.string))
    }
    try checkTokenTransfers(in: logs)
  }

  private static func log(_ row: JSONValue) throws -> EthereumLog {
    EthereumLog(
      address: try EthereumAddress(row.text("address")),
      topics: try row.list("topics").map { try Hash32(prefixed: $0.string) },
      data: try Hex.prefixed(row["data"]?.string))
  }

  /// That program's transfers are ours, but for the ERC-721's among them.
  private func checkTokenTransfers(in logs: [JSONValue]) throws {
    let expected = try RealAnswers.lines("mainnet/etl-17173049-expected_token_transfers.jsonl.gz")
    var found = 0
    for row in logs {
      guard let transfer = TokenTransfer(try Self.log(row)) else { continue }
      found += 1
      let match = try #require(
        expected.first {
          $0["log_index"] == row["log_index"] && $0["block_hash"] == row["block_hash"]
        })
      #expect(match["token_address"]?.string == "0x" + transfer.contract.hash.hex)
      #expect(match["from_address"]?.string == "0x" + transfer.from.hash.hex)
      #expect(match["to_address"]?.string == "0x" + transfer.to.hash.hex)
      #expect(match["value"] == .number(transfer.value.decimal))
    }
    #expect(found > 200)
  }

  @Test("a development chain's blocks with their receipts are proved whole")
  func developmentChain() throws {
    let blocks = try RealBlock.geth()
    #expect(blocks.count == 16)
    var parent: Hash32?
    var transferCount = 0
    for block in blocks {
      let proof = try block.proved()
      if let parent { #expect(proof.header.parentHash == parent, "\(block)") }
      parent = proof.hash
      try block.checkTransactions(of: proof)
      for index in 0..<proof.transactionCount {
        let receipt = try #require(try proof.receipt(at: index))
        #expect(receipt.encoded == proof.receipts?[index])
      }
      transferCount += try proof.transfers(watching: WatchingAll()).count
    }
    #expect(transferCount > 0)
  }

  @Test("an Optimism block with its deposit is proved under its own profile alone")
  func optimism() throws {
    let block = try RealBlock.optimism()
    let proof = try block.proved()
    let deposit = try #require(try proof.transaction(at: 0))
    #expect(deposit.type == .deposit)
    #expect(deposit.sender?.text == "0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001")
    try block.checkTransactions(of: proof)
    #expect(
      throws: BlockProofError.answer(.unverifiable(.transactionType(0x7e)))
    ) { try BlockProof(block: block.block.span.bytes, expecting: nil, profile: .ethereum) }
    // Where no transaction can be proved, none may stand there whole.
    for profile in [ProofProfile.arbitrum, .polygon] {
      #expect(throws: BlockProofError.answer(.unverifiable(.transactionType(0x7e)))) {
        try BlockProof(block: block.block.span.bytes, expecting: nil, profile: profile)
      }
    }
  }
}
