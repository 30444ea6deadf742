import Bytes
import ChainTypes
import Testing

@testable import Bitcoin

@Suite("Strict decoding")
struct DecodingTests {
  /// What both readers of a transaction say of bytes; nil where they differ.
  private func refusal(of bytes: [UInt8]) -> BitcoinDecodingError? {
    let slow = Self.decodingError(bytes)
    let fast = Self.scanningError(bytes)
    #expect(slow == fast)
    return slow
  }

  static func decodingError(_ bytes: [UInt8]) -> BitcoinDecodingError? {
    do {
      _ = try Transaction(bytes: bytes)
      return nil
    } catch {
      return error
    }
  }

  static func scanningError(_ bytes: [UInt8]) -> BitcoinDecodingError? {
    do {
      _ = try TransactionScanner.scan(bytes.span.bytes, watching: WatchAll())
      return nil
    } catch {
      return error
    }
  }

  private static let versionTwo: [UInt8] = [2, 0, 0, 0]
  private static let input: [UInt8] =
    [UInt8](repeating: 7, count: 32) + [0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]
  private static let output: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0]
  private static let lockTime: [UInt8] = [0, 0, 0, 0]

  private static func transaction(
    inputCount: [UInt8] = [1], outputCount: [UInt8] = [1], output: [UInt8] = output
  ) -> [UInt8] {
    versionTwo + inputCount + input + outputCount + output + lockTime
  }

  @Test("the smallest transaction is 60 bytes")
  func smallest() {
    let bytes = Self.transaction()
    #expect(bytes.count == 60)
    #expect(refusal(of: bytes) == nil)
  }

  @Test("a CompactSize of 2^64 − 1 is refused at its offset, without room being made for it")
  func hugeCounts() {
    let huge = [UInt8](repeating: 0xff, count: 9)
    #expect(
      refusal(of: Self.transaction(inputCount: huge)) == .countTooLarge(.max, offset: 4))
    #expect(
      refusal(of: Self.transaction(outputCount: huge)) == .countTooLarge(.max, offset: 46))
    #expect(
      refusal(of: Self.transaction(output: Array(Self.output.dropLast()) + huge))
        == .countTooLarge(.max, offset: 55))
    let witness = Self.versionTwo + [0, 1, 1] + Self.input + [1] + Self.output
    #expect(refusal(of: witness + huge + Self.lockTime) == .countTooLarge(.max, offset: 58))
    #expect(
      refusal(of: witness + [1] + huge + Self.lockTime) == .countTooLarge(.max, offset: 59))
    let block = TestBlocks.block(payments: 1)
    #expect(
      Outcome.agreed(block.header.bytes + huge)?.error
        == .decoding(.countTooLarge(.max, offset: 80)))
  }

  @Test("a count that the remaining bytes can't hold is refused before anything is read for it")
  func countsBounded() {
    #expect(refusal(of: Self.transaction(inputCount: [2])) == .countTooLarge(2, offset: 4))
    #expect(
      refusal(of: Self.transaction(inputCount: [0xfe, 0xff, 0xff, 0xff, 0x7f]))
        == .countTooLarge(0x7fff_ffff, offset: 4))
  }

  @Test(
    "a CompactSize in a longer form than it needs is refused",
    arguments: [
      ([0xfd, 0x01, 0x00], 1), ([0xfd, 0xfc, 0x00], 0xfc), ([0xfe, 0x01, 0, 0, 0], 1),
      ([0xfe, 0xff, 0xff, 0, 0], 0xffff), ([0xff, 1, 0, 0, 0, 0, 0, 0, 0], 1),
      ([0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 0xffff_ffff),
    ] as [([UInt8], UInt64)])
  func nonMinimal(_ form: [UInt8], value: UInt64) {
    #expect(
      refusal(of: Self.transaction(inputCount: form)) == .nonMinimalCompactSize(value, offset: 4))
  }

  @Test("a CompactSize that is cut off is named by its own offset")
  func cutCompactSizes() {
    for (first, width) in [(0xfd, 3), (0xfe, 5), (0xff, 9)] as [(UInt8, Int)] {
      for count in 1..<width {
        let bytes = Self.versionTwo + [first] + [UInt8](repeating: 0xff, count: count - 1)
        #expect(
          refusal(of: bytes) == .endOfBytes(offset: 4, needed: width, remaining: count))
      }
    }
  }

  @Test("CompactSizes round-trip in their shortest form")
  func compactSizes() throws {
    for value in [0, 1, 0xfc, 0xfd, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, .max] {
      var bytes: [UInt8] = []
      bytes.append(compactSize: value)
      #expect(bytes.count == CompactSize.byteCount(value))
      var reader = WireReader(bytes.span.bytes)
      #expect(try reader.readCompactSize() == UInt64(value))
      try reader.expectEnd()
    }
  }

  @Test("marker and flag are 00 01, and what they announce is there")
  func marker() {
    let body = [1] + Self.input + [1] + Self.output
    #expect(
      refusal(of: Self.versionTwo + [0, 2] + body + [0] + Self.lockTime)
        == .unknownFlag(2, offset: 5))
    #expect(
      refusal(of: Self.versionTwo + [0, 0] + body + [0] + Self.lockTime)
        == .unknownFlag(0, offset: 5))
    #expect(
      refusal(of: Self.versionTwo + [0, 1] + body + [0] + Self.lockTime)
        == .superfluousWitness(offset: 58))
    #expect(refusal(of: Self.versionTwo + [0, 1] + body + [1, 0] + Self.lockTime) == nil)
    #expect(
      refusal(of: Self.versionTwo + [0, 1, 0, 1] + Self.output + Self.lockTime)
        == .noInputs(offset: 6))
  }

  @Test("values above 21 million BTC are refused, alone and together")
  func values() {
    func bytes(_ values: [UInt64]) -> [UInt8] {
      Transaction(
        inputs: [TransactionInput(outpoint: TestBlocks.outpoint(1))],
        outputs: values.map { TransactionOutput(value: $0, scriptPubKey: []) }
      ).bytes
    }
    let most: UInt64 = 2_100_000_000_000_000
    #expect(refusal(of: bytes([most])) == nil)
    #expect(refusal(of: bytes([most, 0])) == nil)
    #expect(refusal(of: bytes([most + 1])) == .valueTooLarge(most + 1, offset: 47))
    #expect(refusal(of: bytes([.max])) == .valueTooLarge(.max, offset: 47))
    #expect(refusal(of: bytes([most, 1])) == .valueSumTooLarge(most + 1, offset: 56))
    #expect(refusal(of: bytes([1, most, 1])) == .valueSumTooLarge(most + 1, offset: 56))
  }

  /// Spends the outpoints of these numbers, in order.
  private static func spending(_ numbers: [Int]) -> Transaction {
    Transaction(
      inputs: numbers.map { TransactionInput(outpoint: TestBlocks.outpoint($0)) },
      outputs: [TestBlocks.output(1)])
  }

  @Test("a transaction that spends an outpoint twice is refused after all else (CVE-2018-17144)")
  func duplicateOutpoint() {
    #expect(refusal(of: Self.spending([1, 2, 3]).bytes) == nil)
    // Four bytes of version, one of the count, 41 an input.
    let twice = Self.spending([1, 2, 1, 2]).bytes
    #expect(refusal(of: twice) == .duplicateOutpoint(offset: 87))
    #expect(refusal(of: twice + [0]) == .duplicateOutpoint(offset: 87))
    #expect(
      refusal(of: Array(twice.dropLast()))
        == .endOfBytes(offset: twice.count - 4, needed: 4, remaining: 3))
    var segwit = Self.spending([7, 7])
    segwit.inputs[0].witness = [[1]]
    #expect(refusal(of: segwit.bytes) == .duplicateOutpoint(offset: 48))
    // The same txid with another output's number is another outpoint.
    var near = Self.spending([1, 1])
    near.inputs[1].outpoint = Outpoint(txid: near.inputs[0].outpoint.txid, vout: 9)
    #expect(refusal(of: near.bytes) == nil)
  }

  @Test("a block whose transaction spends an outpoint twice never gives a match for it")
  func duplicateOutpointInBlock() throws {
    let block = TestBlocks.block([
      TestBlocks.coinbase(), TestBlocks.payment(5), Self.spending([1, 1]),
    ])
    let offset = 80 + 1 + block.transactions.prefix(2).reduce(0) { $0 + $1.bytes.count } + 46
    let error = BlockError.decoding(.duplicateOutpoint(offset: offset))
    #expect(Outcome.agreed(block.bytes)?.error == error)
    let spent = WatchSome(outpoints: [TestBlocks.outpoint(1)])
    for verification in [BlockVerification.full, .beforeSegwit, .alreadyVerified] {
      #expect(throws: error) {
        try BlockScanner.scan(
          block.bytes.span.bytes, expecting: block.hash, network: .regtest,
          verification: verification, watching: spent)
      }
    }
    // Where the transaction isn't watched, a scan doesn't look.
    let other = WatchSome(scripts: [TestBlocks.output(5).scriptPubKey])
    let scanned = try BlockScanner.scan(
      block.bytes.span.bytes, expecting: block.hash, network: .regtest, watching: other)
    #expect(scanned.matches.map(\.index) == [1])
  }

  @Test("bytes after the end are refused, and any cut is noticed")
  func ends() throws {
    let bytes = TestBlocks.payment(1, witness: [[1, 2, 3], []]).bytes
    #expect(refusal(of: bytes + [0]) == .trailingBytes(count: 1, offset: bytes.count))
    for length in 0..<bytes.count { #expect(refusal(of: Array(bytes.prefix(length))) != nil) }
    let header = TestBlocks.block(payments: 0).header.bytes
    #expect(throws: BitcoinDecodingError.trailingBytes(count: 1, offset: 80)) {
      let longer = header + [0]
      return try BlockHeader(bytes: longer.span.bytes)
    }
    #expect(throws: BitcoinDecodingError.endOfBytes(offset: 76, needed: 4, remaining: 3)) {
      let shorter = Array(header.dropLast())
      return try BlockHeader(bytes: shorter.span.bytes)
    }
  }

  @Test(
    "witnesses of a signature and a key are read as all others are, and any cut is noticed",
    arguments: [0, 71, 0xfc, 0xfd], [32, 33, 34])
  func signatureAndKey(signature: Int, key: Int) {
    let witness = [[UInt8](repeating: 33, count: signature), [UInt8](repeating: 2, count: key)]
    var transaction = TestBlocks.payment(1, witness: witness)
    transaction.inputs += TestBlocks.payment(2, witness: witness).inputs
    let bytes = transaction.bytes
    #expect(refusal(of: bytes) == nil)
    for length in 0..<bytes.count { #expect(refusal(of: Array(bytes.prefix(length))) != nil) }
  }

  @Test("a transaction heavier than any block is refused")
  func heaviest() {
    var transaction = TestBlocks.payment(1)
    transaction.inputs[0].scriptSig = [UInt8](repeating: 0, count: 1_000_000)
    let bytes = transaction.bytes
    #expect(refusal(of: bytes) == .transactionTooLarge(byteCount: bytes.count, offset: 0))
  }
}
