import Addresses
import Bytes
import ChainTypes
import Ethereum
import Foundation
import JSON
import TestSupport
import Testing

/// Files of `vectors/ethereum`, and what nodes answered in them.
enum RealAnswers {
  /// A file, decompressed where its name ends in `.gz`.
  static func bytes(_ path: String) throws -> [UInt8] {
    guard path.hasSuffix(".gz") else { return Array(try PackageFiles.vector("ethereum/" + path)) }
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/gzip")
    process.arguments = [
      "-dc",
      PackageFiles.root.appending(path: "vectors/ethereum/" + path).path(percentEncoded: false),
    ]
    process.standardOutput = output
    try process.run()
    let bytes = Array(try #require(try output.fileHandleForReading.readToEnd()))
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw UnexpectedVector() }
    return bytes
  }

  static func json(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: bytes(path))
  }

  static func lines(_ path: String) throws -> [JSONValue] {
    try bytes(path).split(separator: 0x0a).map { try JSONValue(parsing: Array($0)) }
  }

  /// The `result` of an envelope, or of each in a batch.
  static func results(_ envelopes: [UInt8]) throws -> [[UInt8]] {
    var results: [[UInt8]] = []
    func readResult(_ reader: inout JSONReader) throws(JSONError) {
      try reader.readObject { (reader, name) throws(JSONError) in
        let range = try reader.skipValue()
        if name == "result" { results.append(Array(envelopes[range])) }
      }
    }
    var reader = JSONReader(envelopes)
    if reader.peek() == UInt8(ascii: "[") {
      try reader.readArray(readResult)
    } else {
      try readResult(&reader)
    }
    return results
  }

  static func result(_ envelope: [UInt8]) throws -> [UInt8] {
    try #require(results(envelope).first)
  }
}

/// A block with what nodes say about it.
struct RealBlock: CustomStringConvertible, Sendable {
  let name: String
  /// The answer to `eth_getBlockByHash`.
  let block: [UInt8]
  /// The answer to `eth_getBlockReceipts`, where there is one.
  let receipts: [UInt8]?
  var profile = ProofProfile.ethereum

  var description: String { name }

  func proved() throws -> BlockProof {
    var proof = try BlockProof(block: block.span.bytes, expecting: nil, profile: profile)
    if let receipts { try proof.prove(receipts: receipts.span.bytes) }
    return proof
  }

  static func mainnet18000000() throws -> RealBlock {
    RealBlock(
      name: "mainnet 18000000",
      block: try RealAnswers.result(RealAnswers.bytes("mainnet/block-18000000.json")),
      receipts: nil)
  }

  static func mainnet18000001() throws -> RealBlock {
    let results = try RealAnswers.results(RealAnswers.bytes("mainnet/block-18000000.json"))
    guard results.count == 2 else { throw UnexpectedVector() }
    return RealBlock(name: "mainnet 18000001", block: results[1], receipts: nil)
  }

  static func mainnet21925176() throws -> RealBlock {
    RealBlock(
      name: "mainnet 21925176", block: try RealAnswers.bytes("mainnet/block-21925176.json"),
      receipts: try RealAnswers.bytes("mainnet/receipts-21925176.json"))
  }

  static func mainnet1000001() throws -> RealBlock {
    RealBlock(
      name: "mainnet 1000001",
      block: try RealAnswers.result(RealAnswers.bytes("mainnet/block-1000001.json")),
      receipts: nil)
  }

  static func optimism() throws -> RealBlock {
    RealBlock(
      name: "optimism 109279674", block: try RealAnswers.bytes("optimism/block-109279674.json"),
      receipts: nil, profile: .opStack)
  }

  /// Base's block 4999983, before Canyon.
  static func base() throws -> RealBlock {
    RealBlock(
      name: "base 4999983", block: try RealAnswers.bytes("base/block-4999983.json"),
      receipts: try RealAnswers.bytes("base/receipts-4999983.json"), profile: .opStack)
  }

  /// A block with Isthmus' header, of another chain of the OP stack.
  static func unichainSepolia() throws -> RealBlock {
    RealBlock(
      name: "unichain-sepolia 35535698",
      block: try RealAnswers.bytes("unichain-sepolia/block-35535698.json"),
      receipts: try RealAnswers.bytes("unichain-sepolia/receipts-35535698.json"),
      profile: .opStack)
  }

  /// A block with Jovian's header; its transactions' hashes alone.
  static func optimismJovian() throws -> RealBlock {
    RealBlock(
      name: "optimism 157796868", block: try RealAnswers.bytes("optimism/block-157796868.json"),
      receipts: nil, profile: .opStack)
  }

  /// Sixteen blocks of a development chain with Prague's header.
  static func geth() throws -> [RealBlock] {
    let rows = try RealAnswers.json("geth/blocks-1.17.5.json.gz").elements ?? []
    return try rows.enumerated().map { number, row in
      RealBlock(
        name: "geth \(number)",
        block: try RealAnswers.result(Array(row.text("block").utf8)),
        receipts: try RealAnswers.result(Array(row.text("receipts").utf8)))
    }
  }
}

extension RealBlock {
  /// Each hash is the node's, each sender the node's, and each transaction survives its encoding.
  func checkTransactions(of proof: BlockProof) throws {
    let rows = try JSONValue(parsing: block).list("transactions")
    #expect(rows.count == proof.transactionCount)
    for (index, row) in rows.enumerated() {
      let transaction = try #require(try proof.transaction(at: index))
      #expect(try transaction.hash == Hash32(prefixed: row["hash"]?.string))
      #expect(try transaction.sender?.hash.bytes == Hex.prefixed(row["from"]?.string))
      #expect(proof.transactionHash(at: index) == transaction.hash)
      #expect(transaction.encoded == proof.transactions?[index])
      let json = row.bytes
      #expect(try EthereumTransaction(json: json.span.bytes) == transaction)
    }
  }

  /// Each receipt survives its encoding, its bloom is that of its logs, and all of them together
  /// are the header's.
  func checkReceipts(of proof: BlockProof) throws {
    let receipts = try (0..<proof.transactionCount).map { try #require(try proof.receipt(at: $0)) }
    var bloom = LogBloom()
    for (index, receipt) in receipts.enumerated() {
      #expect(receipt.encoded == proof.receipts?[index])
      let rebuilt = EthereumReceipt(
        type: receipt.type, outcome: receipt.outcome,
        cumulativeGasUsed: receipt.cumulativeGasUsed, logs: receipt.logs, deposit: receipt.deposit)
      #expect(rebuilt == receipt, "the bloom is that of the logs")
      bloom.formUnion(receipt.logsBloom)
    }
    #expect(bloom == proof.header.logsBloom)
  }
}

/// The answers that the execution-apis project recorded.
struct RecordedAnswers {
  private let all: JSONValue

  init() throws { all = try RealAnswers.json("execution-apis/answers.json.gz") }

  /// The result's bytes.
  func result(_ name: String) throws -> [UInt8] {
    try RealAnswers.result(Array((all[name] ?? .null).text("response").utf8))
  }
}

struct WatchingAll: AddressWatching {
  func watches(_ address: EthereumAddress) -> Bool { true }
}
