import Bytes
import ChainTypes
import Ethereum
import JSON
import Testing

/// What OP-stack chains take besides gas, against op-geth's and reth's own tests and real receipts.
@Suite("what an OP-stack chain takes besides gas")
struct L1FeeTests {
  private static let vectors = "ethereum/optimism/l1-fees.json"

  private static func compressedLength(_ bytes: [UInt8]) -> Int {
    FastLZ.compressedLength(of: bytes.span.bytes)
  }

  /// The numbers of op-geth's `core/types/rollup_cost_test.go`.
  private static func attributes(operatorFee: Bool? = nil) -> L1Attributes {
    L1Attributes(
      baseFeeScalar: 2, blobBaseFeeScalar: 3, baseFee: 1_000_000_000, blobBaseFee: 10_000_000,
      operatorFee: operatorFee.map {
        .init(scalar: 1_439_103_868, constant: 1_256_417_826_609_331_460, isJovian: $0)
      })
  }

  @Test("compressed lengths are op-geth's")
  func compressedLengths() throws {
    let emptyTransaction = try Hex.decode(
      "dd80808094095e7baea6a6c7c4c2dfeb977efac326af552d878080808080")
    let call = try Hex.prefixed(Vectors.json(Self.vectors).text("contractCall"))
    #expect(Self.compressedLength([]) == 0)
    #expect(Self.compressedLength([UInt8](repeating: 1, count: 1_000)) == 21)
    #expect(Self.compressedLength([UInt8](repeating: 0, count: 1_000)) == 21)
    #expect(Self.compressedLength(emptyTransaction) == 31)
    #expect(Self.compressedLength(call) == 202)
  }

  @Test("no bytes trap, and none become more than the bound", arguments: 0..<8 as Range<UInt64>)
  func bounds(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for count in Array(0..<80) + [255, 256, 264, 265, 300, 8_190, 8_300, 70_000] {
      // From one value to 256 of them, and repetitions over all distances.
      let mask = UInt64(1) << (random.next() % 9) - 1
      var bytes = (0..<count).map { _ in UInt8(random.next() & mask) }
      if count > 40, random.next() % 2 == 0 {
        let half = bytes.prefix(count / 2)
        bytes.replaceSubrange(count - half.count..<count, with: half)
      }
      let length = Self.compressedLength(bytes)
      #expect(length <= FastLZ.longest(byteCount: count), "seed \(seed), \(count) bytes")
      #expect(length > 0 || count == 0)
    }
    // The bound is met where nothing repeats.
    #expect(Self.compressedLength(Array(0..<33)) == FastLZ.longest(byteCount: 33))
  }

  @Test("Fjord's formula gives op-geth's fees: the least size, and what lies above it")
  func formula() {
    let small = Self.attributes()
    for length in [0, 31, 100, 150, 170] {
      #expect(small.l1Fee(compressed: length) == 3_203_000)
    }
    for length in [171, 175, 200] {
      #expect(small.l1Fee(compressed: length).map { $0 > 3_203_000 } == true)
    }
    let parity = L1Attributes(
      baseFeeScalar: 20, blobBaseFeeScalar: 15, baseFee: 2_000_000, blobBaseFee: 3_000_000,
      operatorFee: nil)
    #expect(parity.l1Fee(compressed: 235) == 105_484)
  }

  @Test("the operator's fee is Isthmus' and Jovian's, and none before")
  func operatorFee() {
    #expect(Self.attributes().operatorFee(gas: 1_618) == .zero)
    #expect(
      Self.attributes(operatorFee: false).operatorFee(gas: 1_618) == 1_256_417_826_611_659_930)
    #expect(
      Self.attributes(operatorFee: true).operatorFee(gas: 1_618) == 1_256_650_673_615_173_860)
    #expect(Self.attributes(operatorFee: true).operatorFee(gas: .max) != nil)
  }

  @Test("real transactions paid what is computed from their blocks' first transactions")
  func realFees() throws {
    let rows = try Vectors.json(Self.vectors).list("fees")
    #expect(rows.count == 2)
    for row in rows {
      let first = try EthereumTransaction(encoded: Hex.prefixed(row.text("first")))
      let attributes = try #require(L1Attributes(first))
      let expected = try L1Attributes(
        baseFeeScalar: UInt32(row.decimal("baseFeeScalar")),
        blobBaseFeeScalar: UInt32(row.decimal("blobBaseFeeScalar")),
        baseFee: UInt256(row.decimal("baseFee")), blobBaseFee: UInt256(row.decimal("blobBaseFee")),
        operatorFee: nil)
      #expect(attributes == expected)
      let encoded = try Hex.prefixed(row.text("transaction"))
      var transaction = try EthereumTransaction(encoded: encoded)
      #expect(try transaction.hash == Hash32(prefixed: row.text("hash")))
      let fee = try UInt256(row.decimal("l1Fee"))
      #expect(attributes.fee(of: encoded.span.bytes, gasUsed: 100_000) == fee)
      // What is kept ready for it unsigned is twice that at least.
      transaction.signature = nil
      #expect(try #require(attributes.offer(for: transaction)) >= fee.multiplied(by: 2))
    }
  }

  @Test("calldata since Isthmus has the operator's fee, and no byte more or less")
  func calldata() throws {
    let vectors = try Vectors.json(Self.vectors)
    for (name, isJovian) in [("isthmus", false), ("jovian", true)] {
      let calldata = try Hex.prefixed(vectors.text(name))
      let expected = L1Attributes(
        baseFeeScalar: 1_368, blobBaseFeeScalar: 810_949, baseFee: 6_974_729, blobBaseFee: 1,
        operatorFee: .init(scalar: 20_000, constant: 500, isJovian: isJovian))
      #expect(L1Attributes(calldata: calldata) == expected)
      #expect(L1Attributes(calldata: calldata + [0]) == nil)
      for count in 0..<calldata.count {
        #expect(L1Attributes(calldata: Array(calldata.prefix(count))) == nil)
      }
    }
  }

  @Test("Bedrock's form, other contracts' deposits and signed transactions tell nothing")
  func unknown() throws {
    let bedrock = try #require(try RealBlock.optimism().proved().transaction(at: 0))
    #expect(bedrock.type == .deposit && bedrock.recipient == L1Attributes.predeploy)
    #expect(L1Attributes(bedrock) == nil)
    let row = try #require(try Vectors.json(Self.vectors).list("fees").first)
    var first = try EthereumTransaction(encoded: Hex.prefixed(row.text("first")))
    first.recipient = TestBlock.padded(0x15).paddedAddress
    #expect(L1Attributes(first) == nil)
    var signed = try TestBlock.payment(value: 5, to: L1Attributes.predeploy)
    signed.input = first.input
    #expect(L1Attributes(signed) == nil)
    #expect(L1Attributes(calldata: [UInt8](repeating: 0xff, count: 176)) == nil)
  }

  @Test("numbers of any size give no fee rather than a wrong one")
  func overflow() throws {
    var attributes = Self.attributes(operatorFee: true)
    attributes.baseFeeScalar = .max
    attributes.baseFee = .max
    let payment = try TestBlock.payment(value: 5)
    let encoded = payment.encoded
    #expect(attributes.l1Fee(compressed: 0) == nil)
    #expect(attributes.fee(of: encoded.span.bytes, gasUsed: 21_000) == nil)
    #expect(attributes.offer(for: payment) == nil)
    #expect(Self.attributes().l1Fee(compressed: .max) != nil)
    #expect(Self.attributes().l1Fee(compressed: .min) == 3_203_000)
  }

  @Test("what is kept ready for a transaction covers it whatever its signature")
  func offers() throws {
    let attributes = Self.attributes(operatorFee: false)
    var payment = try TestBlock.payment(value: .max)
    payment.gasLimit = 50_000
    payment.signature = nil
    let share = try #require(attributes.operatorFee(gas: 50_000))
    // Below the least size that is charged for.
    #expect(attributes.offer(for: payment) == (try share.adding(6_406_000)))
    payment.input = (0..<200).map { UInt8($0) }
    let offer = try #require(attributes.offer(for: payment)).subtracting(share)
    let signed = payment.signed(by: TestBlock.key).encoded
    let fee = try #require(
      attributes.l1Fee(compressed: Self.compressedLength(signed)))
    #expect(fee > 3_203_000)
    #expect(try offer >= fee.multiplied(by: 2))
  }

  @Test("what a chain takes besides gas may be as much as its gas at the ceiling, and no more")
  func ceiling() throws {
    let bounds = try #require(FeeBounds(tipFloor: 1, tipCeiling: 2, maxFeeCeiling: 100))
    #expect(bounds.allows(2_100_000, for: 21_000))
    #expect(!bounds.allows(2_100_001, for: 21_000))
    let boundless = try #require(FeeBounds(tipFloor: 1, tipCeiling: 2, maxFeeCeiling: .max))
    #expect(boundless.allows(.max, for: 21_000))
  }

  @Test("where a block's first transaction tells nothing, what was paid in all isn't known")
  func unknownFee() throws {
    let payment = try TestBlock.payment(value: 5)
    let receipt = EthereumReceipt(
      type: .dynamicFee, outcome: .succeeded, cumulativeGasUsed: 21_000, logs: [])
    let block = TestBlock(transactions: [payment], receipts: [receipt])
    let sender = try #require(payment.sender)
    for profile in [ProofProfile.ethereum, .opStack] {
      let proof = try BlockProof.verify(
        block: block.blockAnswer.span.bytes, receipts: block.receiptsAnswer.span.bytes,
        expecting: block.header.hash, profile: profile)
      let sent = try proof.sent(by: [sender])
      // A base fee of 7 and a tip of 1.
      #expect(sent.map(\.fee) == [profile == .opStack ? nil : 168_000])
    }
  }

  @Test("a real block since Isthmus tells what its senders paid: its gas, and the least L1 fee")
  func isthmusBlock() throws {
    let proof = try RealBlock.unichainSepolia().proved()
    let first = try #require(try proof.transaction(at: 0))
    let attributes = L1Attributes(
      baseFeeScalar: 2_000, blobBaseFeeScalar: 900_000, baseFee: 9, blobBaseFee: 1,
      operatorFee: .init(scalar: 0, constant: 0, isJovian: false))
    #expect(L1Attributes(first) == attributes)
    var before = try #require(try proof.receipt(at: 0)).cumulativeGasUsed
    for index in 1..<proof.transactionCount {
      let transaction = try #require(try proof.transaction(at: index))
      guard case .dynamicFee(_, let caps, _) = transaction.form else { throw UnexpectedVector() }
      let through = try #require(try proof.receipt(at: index)).cumulativeGasUsed
      let price = try #require(
        EthereumFees.effectiveGasPrice(caps, base: proof.header.baseFeePerGas ?? .zero))
      // (16 · 9 · 2,000 + 1 · 900,000) · 10⁸ / 10¹²
      let expected = try price.multiplied(by: UInt256(through - before)).adding(118)
      let sent = try proof.sent(by: [#require(transaction.sender)])
      #expect(sent.first { $0.txid == transaction.hash }?.fee == expected)
      before = through
    }
  }
}
