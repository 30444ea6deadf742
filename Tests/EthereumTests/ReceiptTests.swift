import Addresses
import Bytes
import ChainTypes
import Digests
import Ethereum
import Testing

@Suite("receipts")
struct ReceiptTests {
  private static func json(_ members: String) -> [UInt8] {
    let bloom = String(repeating: "0", count: 512)
    return Array(
      #"{\#(members),"cumulativeGasUsed":"0x5208","logsBloom":"0x\#(bloom)","logs":[]}"#.utf8)
  }

  private static func receipt(_ members: String) throws -> EthereumReceipt {
    let bytes = json(members)
    return try EthereumReceipt(json: bytes.span.bytes)
  }

  @Test("a deposit's nonce is in its receipt's encoding since Canyon, and not before")
  func deposits() throws {
    let before = try Self.receipt(#""type":"0x7e","status":"0x1","depositNonce":"0x3db742""#)
    #expect(before.deposit == nil)
    let after = try Self.receipt(
      #""type":"0x7e","status":"0x1","depositNonce":"0x3db742","depositReceiptVersion":"0x1""#)
    #expect(after.deposit == .init(nonce: 0x3d_b742, version: 1))
    #expect(after.encoded.count == before.encoded.count + 5)
    #expect(try EthereumReceipt(encoded: after.encoded) == after)
    #expect(throws: EthereumError.answer(.missing("depositNonce"))) {
      try Self.receipt(#""type":"0x7e","status":"0x1","depositReceiptVersion":"0x1""#)
    }
  }

  @Test("before Byzantium a receipt holds a state root; a status is zero or one")
  func outcomes() throws {
    let root = Keccak256.hash([1])
    #expect(try Self.receipt(#""root":"0x\#(root.hex)""#).outcome == .stateRoot(root))
    #expect(try Self.receipt(#""status":"0x0","type":"0x2""#).outcome == .failed)
    #expect(try Self.receipt(#""status":"0x1","type":null"#).type == .legacy)
    #expect(throws: EthereumError.answer(.invalid("status"))) {
      try Self.receipt(#""status":"0x2""#)
    }
    #expect(throws: EthereumError.answer(.missing("root"))) { try Self.receipt(#""type":"0x2""#) }
  }

  @Test("a log with five topics is none")
  func topics() {
    let topic = "\"0x" + String(repeating: "00", count: 32) + "\""
    let topics = [String](repeating: topic, count: 5).joined(separator: ",")
    let log =
      #"{"address":"0x\#(String(repeating: "00", count: 20))","topics":[\#(topics)],"data":"0x"}"#
    let json = Array(#"{"status":"0x1","logs":[\#(log)]}"#.utf8)
    #expect(throws: EthereumError.answer(.tooMany("topics"))) {
      try EthereumReceipt(json: json.span.bytes)
    }
  }

  @Test("logs are encoded strictly, whatever the length of their data and however many topics")
  func logs() throws {
    let bloom = String(repeating: "0", count: 512)
    var datas = [0, 1, 54, 55, 56, 57, 255, 256, 65_535, 65_536].map { count in
      (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
    }
    datas += [[0x00], [0x7f], [0x80], [0xff]]
    let expected = datas.enumerated().map { place, data in
      EthereumLog(
        address: EthereumAddress(Hash20(bytes: Keccak256.hash([1]).bytes.span.bytes, at: 0)),
        topics: (0..<place % 5).map { Keccak256.hash([UInt8($0)]) }, data: data)
    }
    let texts = expected.map { log in
      let topics = log.topics.map { #""0x\#($0.hex)""# }.joined(separator: ",")
      return """
        {"address":"0x\(log.address.hash.hex)","topics":[\(topics)],"data":"0x\(Hex.encode(log.data))"}
        """
    }
    let json =
      Array(
        #"{"status":"0x1","cumulativeGasUsed":"0x1","logsBloom":"0x\#(bloom)","logs":"#.utf8)
      + Array("[\(texts.joined(separator: ","))]}".utf8)
    let receipt = try EthereumReceipt(json: json.span.bytes)
    #expect(receipt.logs == expected)
    #expect(try EthereumReceipt(encoded: receipt.encoded) == receipt)
    for broken in ["0x0", "0x0g", "00"] {
      let text = String(decoding: json, as: UTF8.self)
        .replacing("\"data\":\"0x00\"", with: "\"data\":\"\(broken)\"")
      #expect(throws: EthereumError.answer(.invalid("data"))) {
        let bytes = Array(text.utf8)
        return try EthereumReceipt(json: bytes.span.bytes)
      }
    }
  }

  @Test("a bloom tells what may be there, and what certainly isn't")
  func blooms() throws {
    let log = EthereumLog(
      address: try EthereumAddress(TransferTests.usdt),
      topics: [TokenTransfer.topic, Keccak256.hash([2])], data: [])
    var bloom = LogBloom()
    bloom.insert(log)
    #expect(bloom.mayContain(log.address))
    for topic in log.topics { #expect(bloom.mayContain(topic)) }
    #expect(!bloom.mayContain(try EthereumAddress(TransferTests.usdc)))
    #expect(LogBloom(bloom.bytes) == bloom)
    #expect(LogBloom([1, 2, 3]) == nil)
    #expect(!LogBloom().mayContain(log.address))
  }

  @Test("withdrawals are told apart from transfers, and changed ones are refused")
  func withdrawals() throws {
    let real = try RealBlock.mainnet18000000()
    let proof = try real.proved()
    let first = try #require(proof.withdrawals.first)
    #expect(first.value == UInt256(first.gwei * 1_000_000_000))
    #expect(try proof.transfers(watching: WatchingAll()) == [])
    let text = String(decoding: real.block, as: UTF8.self)
    let amount = #""amount":"0x\#(String(first.gwei, radix: 16))""#
    let changed = Array(text.replacing(amount, with: #""amount":"0x1""#).utf8)
    #expect(changed != real.block)
    #expect(throws: BlockProofError.self) {
      try BlockProof(block: changed.span.bytes, expecting: nil, profile: .ethereum)
    }
  }
}
