import Addresses
import Bytes
import ChainTypes
import Digests
import Ethereum
import JSON
import Testing

@Suite("block proofs")
struct BlockProofTests {
  private static func block() throws -> TestBlock {
    let log = EthereumLog(
      address: try EthereumAddress(TransferTests.usdt),
      topics: [TokenTransfer.topic, TestBlock.padded(1), TestBlock.padded(2)],
      data: [UInt8](repeating: 3, count: 32))
    let payments = try [1, 2, 3].map { try TestBlock.payment(value: UInt256(9), nonce: $0) }
    let receipts = (1...3).map {
      EthereumReceipt(
        type: .dynamicFee, outcome: $0 == 2 ? .failed : .succeeded,
        cumulativeGasUsed: 21_000 * UInt64($0), logs: $0 == 3 ? [log] : [])
    }
    return TestBlock(transactions: payments, receipts: receipts)
  }

  @Test("the headers of all forks are what their hash covers, the next one's too")
  func forks() throws {
    var block = try Self.block()
    #expect(try block.proved().header == block.header)
    block.header.withdrawalsRoot = TrieRoot.empty
    #expect(try block.proved().header == block.header)
    block.header.blobGasUsed = 0
    block.header.excessBlobGas = 0
    block.header.parentBeaconBlockRoot = .zero
    #expect(try block.proved().header == block.header)
    block.header.requestsHash = Keccak256.hash([3])
    #expect(try block.proved().header == block.header)
    block.header.blockAccessListHash = Keccak256.hash([4])
    block.header.slotNumber = 12_345
    #expect(try block.proved().header == block.header)
    let rlp = block.header.rlp
    #expect(try EthereumHeader(rlp: rlp.span.bytes) == block.header)
  }

  @Test("a header with a fork's field but not the one before it is unverifiable")
  func gapInForks() throws {
    var block = try Self.block()
    block.header.requestsHash = .zero
    #expect(throws: BlockProofError.answer(.unverifiable(.headerFields))) { try block.proved() }
  }

  @Test("a field of a fork to come makes the block unverifiable, not proved")
  func unknownFields() throws {
    var block = try Self.block()
    block.extraMembers = [.init("futureRoot", .string("0x00"))]
    #expect(try block.proved().hash == block.header.hash, "what the hash doesn't cover is harmless")
    let answer = block.blockAnswer
    let other = Keccak256.hash([9])
    let error = BlockProofError.unknownHeader(expected: other, members: ["futureRoot"])
    #expect(throws: error) {
      try BlockProof(block: answer.span.bytes, expecting: other, profile: .ethereum)
    }
    #expect(error.isUnverifiable)

    var writer = RLPWriter()
    block.header.withdrawalsRoot = .zero
    block.header.blobGasUsed = 0
    block.header.excessBlobGas = 0
    block.header.parentBeaconBlockRoot = .zero
    block.header.requestsHash = .zero
    block.header.blockAccessListHash = .zero
    block.header.slotNumber = 1
    let bytes = block.header.rlp
    let fields = try RLPItem(validating: bytes.span.bytes).payload
    writer.appendList { writer in
      writer.append(encoded: Array(bytes[fields]))
      writer.append(1 as UInt64)
    }
    let longer = writer.bytes
    #expect(throws: EthereumError.unverifiable(.headerFields)) {
      try EthereumHeader(rlp: longer.span.bytes)
    }
  }

  @Test("another block than the one asked for is refused")
  func otherBlock() throws {
    let answer = try Self.block().blockAnswer
    let other = Keccak256.hash([9])
    #expect(
      throws: BlockProofError.headerHash(expected: other, found: try Self.block().header.hash)
    ) { try BlockProof(block: answer.span.bytes, expecting: other, profile: .ethereum) }
  }

  @Test("null is no block, no receipts and not an empty list")
  func null() throws {
    let null = Array(" null ".utf8)
    #expect(throws: BlockProofError.answer(.answer(.null))) {
      try BlockProof(block: null.span.bytes, expecting: nil, profile: .ethereum)
    }
    var proof = try Self.block().proved()
    #expect(throws: BlockProofError.answer(.answer(.null))) {
      try proof.prove(receipts: null.span.bytes)
    }
    let empty = Array("[]".utf8)
    #expect(throws: BlockProofError.receiptCount(0, transactions: 3)) {
      try proof.prove(receipts: empty.span.bytes)
    }
    let none = TestBlock(transactions: [], receipts: [])
    #expect(try none.proved().receipts?.count == 0)
  }

  @Test("receipts that lack a log, swap two, or change an outcome aren't the block's")
  func wrongReceipts() throws {
    let block = try Self.block()
    func refuses(_ change: (inout [EthereumReceipt]) -> Void) throws {
      var changed = block
      change(&changed.receipts)
      #expect(throws: BlockProofError.self) { try changed.proved() }
    }
    try refuses { $0[2].logs = [] }
    try refuses { $0[2].logs += $0[2].logs }
    try refuses { $0.swapAt(0, 1) }
    try refuses { $0[1].outcome = .succeeded }
    try refuses { $0[0].cumulativeGasUsed += 1 }
    try refuses { $0[0].type = .legacy }
    try refuses { $0.removeLast() }
    try refuses { $0.append($0[0]) }
  }

  @Test("single receipts prove the same as the block's")
  func singleReceipts() throws {
    let block = try Self.block()
    let answers = try JSONValue(parsing: block.receiptsAnswer).elements ?? []
    var proof = try BlockProof(
      block: block.blockAnswer.span.bytes, expecting: block.header.hash, profile: .ethereum)
    try proof.prove(singleReceipts: answers.map(\.bytes))
    #expect(try proof.receipts == block.proved().receipts)
    var other = proof
    #expect(throws: BlockProofError.self) {
      try other.prove(singleReceipts: answers.reversed().map(\.bytes))
    }
    #expect(throws: BlockProofError.answer(.answer(.null))) {
      try other.prove(singleReceipts: answers.dropLast().map(\.bytes) + [Array("null".utf8)])
    }
  }

  @Test("cumulative gas that doesn't grow, or ends elsewhere than the header's, is refused")
  func gas() throws {
    var block = try Self.block()
    block.receipts[1].cumulativeGasUsed = 21_000
    block.header.receiptsRoot = TrieRoot.root(of: block.receipts.map(\.encoded))
    #expect(throws: BlockProofError.gasUsed(receipt: 1)) { try block.proved() }
    block = try Self.block()
    block.header.gasUsed += 1
    #expect(throws: BlockProofError.gasUsed(receipt: 2)) { try block.proved() }
  }

  @Test("a receipt of a type to come is unverifiable")
  func unknownReceiptType() throws {
    let block = try Self.block()
    let text = String(decoding: block.receiptsAnswer, as: UTF8.self)
      .replacing(#""type":"0x2""#, with: #""type":"0x9""#)
    var proof = try block.proved()
    let answer = Array(text.utf8)
    #expect(throws: BlockProofError.answer(.unverifiable(.receiptType(9)))) {
      try proof.prove(receipts: answer.span.bytes)
    }
  }

  @Test(
    "where transactions can't be proved, receipts of any type are, and tokens are found",
    arguments: [ProofProfile.arbitrum, .polygon])
  func receiptsAlone(_ profile: ProofProfile) throws {
    var block = try Self.block()
    let receipts = block.receipts.map { [0x6a] + $0.encoded.dropFirst() }
    block.header.receiptsRoot = TrieRoot.root(of: receipts)
    guard case .object(var members) = try JSONValue(parsing: block.blockAnswer) else {
      throw EthereumError.invalid(.status)
    }
    let place = try #require(members.firstIndex { $0.name == "transactions" })
    members[place] = .init(
      "transactions", .array(block.transactions.map { .string("0x\($0.hash.hex)") }))
    let answer = JSONValue.object(members).bytes
    let typed = Array(
      String(decoding: block.receiptsAnswer, as: UTF8.self)
        .replacing(#""type":"0x2""#, with: #""type":"0x6a""#).utf8)
    let proof = try BlockProof.verify(
      block: answer.span.bytes, receipts: typed.span.bytes, expecting: block.header.hash,
      profile: profile)
    #expect(proof.transactions == nil)
    let found = try proof.transfers(watching: WatchingAll())
    #expect(found.map(\.position) == [.log(0)])
    #expect(found.map(\.txid) == [block.transactions[2].hash])
    #expect(proof.executions(of: [2]).isEmpty)
    #expect(throws: BlockProofError.answer(.unverifiable(.receiptType(0x6a)))) {
      try BlockProof.verify(
        block: answer.span.bytes, receipts: typed.span.bytes, expecting: block.header.hash,
        profile: .ethereum)
    }
    let changed = Array(
      String(decoding: typed, as: UTF8.self).replacing(#""status":"0x0""#, with: #""status":"0x1""#)
        .utf8)
    #expect(throws: BlockProofError.self) {
      try BlockProof.verify(
        block: answer.span.bytes, receipts: changed.span.bytes, expecting: block.header.hash,
        profile: profile)
    }
  }

  @Test("changed bytes in a node's answers never trap, and never prove another block")
  func flippedBytes() throws {
    let block = try Self.block()
    let honest = try block.proved()
    var random = SplitMix64(seed: 9)
    for _ in 0..<1_000 {
      var (first, second) = (block.blockAnswer, block.receiptsAnswer)
      if Bool.random(using: &random) {
        Self.change(&first, &random)
      } else {
        Self.change(&second, &random)
      }
      guard
        let proof = try? BlockProof.verify(
          block: first.span.bytes, receipts: second.span.bytes, expecting: block.header.hash,
          profile: .ethereum)
      else { continue }
      // The change was to something that no root covers, such as another name's letters.
      #expect(proof.header == honest.header)
      #expect(proof.transactions == honest.transactions)
      #expect(proof.receipts == honest.receipts)
    }
  }

  private static func change(_ answer: inout [UInt8], _ random: inout SplitMix64) {
    let position = Int.random(in: answer.indices, using: &random)
    switch Int.random(in: 0...3, using: &random) {
    case 0: answer[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: answer.remove(at: position)
    case 2: answer.insert(.random(in: 0...255, using: &random), at: position)
    default: answer.removeSubrange(position...)
    }
  }

  @Test("changed bytes in a real block's receipts never prove them")
  func flippedRealReceipts() throws {
    let real = try RealBlock.mainnet21925176()
    let receipts = try #require(real.receipts)
    let honest = try real.proved()
    var random = SplitMix64(seed: 10)
    for _ in 0..<8 {
      var changed = receipts
      let position = Int.random(in: changed.indices, using: &random)
      changed[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      var proof = honest
      guard (try? proof.prove(receipts: changed.span.bytes)) != nil else { continue }
      #expect(proof.receipts == honest.receipts)
    }
  }

  @Test("receipts prove the same in whatever order their members come, and with whatever between")
  func memberOrders() throws {
    let real = try RealBlock.mainnet21925176()
    let receipts = try JSONValue(parsing: try #require(real.receipts))
    let honest = try real.proved()
    var random = SplitMix64(seed: 14)
    for _ in 0..<2 {
      let text = Array(Self.rewritten(receipts, &random).utf8)
      var proof = honest
      try proof.prove(receipts: text.span.bytes)
      #expect(proof.receipts == honest.receipts)
    }
  }

  /// A value's text with its objects' members in another order now and then, some strange ones
  /// among them, and white space in places.
  private static func rewritten(_ value: JSONValue, _ random: inout SplitMix64) -> String {
    func space() -> String { [" ", "\n  ", "", "", "", ""].randomElement(using: &random) ?? "" }
    switch value {
    case .null: return "null"
    case .bool(let flag): return "\(flag)"
    case .number(let text): return text
    case .string(let text): return "\"\(text)\""
    case .array(let elements):
      let texts = elements.map { space() + rewritten($0, &random) + space() }
      return "[\(texts.joined(separator: ","))]"
    case .object(let members):
      var all = members
      if Int.random(in: 0..<8, using: &random) == 0 {
        all.append(.init("dat", .array([.string("0x"), .null])))
        all.append(.init("whatsoeverNoOtherNodeWrites", .bool(true)))
        all.shuffle(using: &random)
      }
      let texts = all.map {
        space() + "\"\($0.name)\"" + space() + ":" + space() + rewritten($0.value, &random)
          + space()
      }
      return "{\(texts.joined(separator: ","))}"
    }
  }
}
