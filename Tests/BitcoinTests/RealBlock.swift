import Bytes
import ChainTypes
import Foundation
import TestSupport
import Testing

@testable import Bitcoin

/// A block of `vectors/blocks`.
struct RealBlock: Sendable, CustomStringConvertible {
  let file: String
  let network: BitcoinNetwork
  let height: UInt32
  let hash: String
  /// Whether `expected/<height>.jsonl.gz` has Bitcoin Core's view of it.
  var isListed = false

  var description: String { file }

  var verification: BlockVerification { BlockVerification(height: height, network: network) }

  static let listed = [
    RealBlock(
      file: "mainnet-300025.raw", network: .mainnet, height: 300_025,
      hash: "0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c", isListed: true),
    RealBlock(
      file: "mainnet-370661.raw", network: .mainnet, height: 370_661,
      hash: "00000000000000001416a613602d73bbe5c79170fd8f39d509896b829cf9021e", isListed: true),
    RealBlock(
      file: "mainnet-413567.raw", network: .mainnet, height: 413_567,
      hash: "0000000000000000025aff8be8a55df8f89c77296db6198f272d6577325d4069", isListed: true),
    signalling,
    RealBlock(
      file: "mainnet-481829.raw", network: .mainnet, height: 481_829,
      hash: "000000000000000000917cba69f69b758fe396c8e30ae97bbcf08c4eb975e726", isListed: true),
    segwit,
    RealBlock(
      file: "mainnet-702861.raw", network: .mainnet, height: 702_861,
      hash: "000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae", isListed: true),
    RealBlock(
      file: "mainnet-866342.raw", network: .mainnet, height: 866_342,
      hash: "000000000000000000014ce9ba7c6760053c3c82ce6ab43d60afb101d3c8f1f1", isListed: true),
    RealBlock(
      file: "testnet3-928828.raw", network: .testnet3, height: 928_828,
      hash: "00000000000cee3a01a2821fe68eaa06000e8c744320efca8fcff9c4b9cf76c2", isListed: true),
  ]

  /// Nine blocks before segwit: its miner commits to witnesses already, without a reserved value.
  static let signalling = RealBlock(
    file: "mainnet-481815.raw", network: .mainnet, height: 481_815,
    hash: "000000000000000000893c019d81f2d48ee33892c12428f3121bbd16ed6db926", isListed: true)

  /// Twelve transactions, five weeks after segwit began.
  static let segwit = RealBlock(
    file: "mainnet-482683.raw", network: .mainnet, height: 482_683,
    hash: "000000000000000000c238240ef6dcb26c37e75e16514e6ffc0aef7eee73e747", isListed: true)

  static let testnet3 = RealBlock(
    file: "testnet3-small.raw", network: .testnet3, height: 924_634,
    hash: "000000000000045e0b1660b6445b5e5c5ab63c9a4f956be7e1e69be04fa4497b")
  static let testnet4 = RealBlock(
    file: "testnet4-40000.json", network: .testnet4, height: 40_000,
    hash: "000000000000000c1a1fad82b0e133f4772802b6dff7a95990580ae2e15c634f")
  static let signet = RealBlock(
    file: "signet-31500.json", network: .signet, height: 31_500,
    hash: "000001279d712f44f617a4aba70521e9612115be3663cba9a3cedcdade8bdc43")

  /// Small ones of every network but regtest.
  static let small = [segwit, testnet3, testnet4, signet]

  func bytes() throws -> [UInt8] {
    let data = try PackageFiles.vector("blocks/" + file)
    guard file.hasSuffix(".json") else { return [UInt8](data) }
    struct Holder: Decodable { let block: String }
    return try Hex.decode(JSONDecoder().decode(Holder.self, from: data).block)
  }

  /// The testnet3 blocks of BIP-0158's vectors, each with its height and hash.
  static func filterVectors() throws -> [(height: UInt32, hash: Hash32, bytes: [UInt8])] {
    let rows = try PackageFiles.vector(
      "blocks/bip158-testnet-19.json", as: [FilterVector].self)
    return try rows.dropFirst().map { row in
      (
        try #require(row.height), try Hash32(displayHex: try #require(row.hash)),
        try Hex.decode(try #require(row.block))
      )
    }
  }

  /// A row: height, hash and block come first. The row of titles has none of them.
  private struct FilterVector: Decodable {
    let height: UInt32?
    let hash: String?
    let block: String?

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      height = try? row.decode(UInt32.self)
      hash = height == nil ? nil : try row.decode(String.self)
      block = height == nil ? nil : try row.decode(String.self)
    }
  }

  /// The blocks of btcd's reorganisation test by their names: 0 to 4, and 3A to 5A on 2. They have
  /// real work on mainnet's genesis.
  static func reorganisation() throws -> [(name: String, bytes: [UInt8])] {
    let text = String(
      decoding: try PackageFiles.vector("blocks/btcd-reorgtest.txt"), as: UTF8.self)
    var blocks: [(name: String, digits: String)] = []
    for line in text.split(whereSeparator: \.isNewline) {
      if let name = line.firstMatch(of: /^Block (\w+):/) {
        blocks.append((String(name.output.1), ""))
      } else if !line.hasPrefix("File"), !blocks.isEmpty {
        blocks[blocks.count - 1].digits += line.filter { !$0.isWhitespace }
      }
    }
    // The network's magic and the length come before each.
    return try blocks.map { ($0.name, Array(try Hex.decode($0.digits).dropFirst(8))) }
  }

  func blockHash() throws -> Hash32 { try Hash32(displayHex: hash) }

  /// All blocks of `regtest.hex.txt`, in order.
  static func regtest() throws -> [[UInt8]] {
    let text = String(decoding: try PackageFiles.vector("blocks/regtest.hex.txt"), as: UTF8.self)
    return try text.split(separator: "\n").map { try Hex.decode($0) }
  }
}

/// A transaction as Bitcoin Core's `decoderawtransaction` tells of it.
struct ListedTransaction {
  let txid: Hash32
  let wtxid: Hash32
  let size: Int
  let vsize: Int
  let weight: Int
  /// Empty for a coinbase.
  let inputs: [Outpoint]
  let outputs: [MatchedOutput]

  /// Those of a listed block.
  static func all(of block: RealBlock) throws -> [ListedTransaction] {
    let path = PackageFiles.root.appending(
      path: "vectors/blocks/expected/\(block.height).jsonl.gz"
    ).path
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/gzip")
    process.arguments = ["-dc", path]
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try data.split(separator: UInt8(ascii: "\n")).map { line in
      try ListedTransaction(JSONDecoder().decode(Line.self, from: Data(line)))
    }
  }

  private init(_ line: Line) throws {
    txid = try Hash32(displayHex: line.txid)
    wtxid = try Hash32(displayHex: line.hash)
    (size, vsize, weight) = (line.size, line.vsize, line.weight)
    inputs = try line.vin.compactMap { $0 }.map {
      Outpoint(txid: try Hash32(displayHex: $0.txid), vout: $0.vout)
    }
    outputs = try line.vout.enumerated().map {
      MatchedOutput(
        vout: UInt32($0), value: $1.value, scriptPubKey: try Hex.decode($1.scriptPubKey))
    }
  }

  private struct Line: Decodable {
    let txid: String
    let hash: String
    let size: Int
    let vsize: Int
    let weight: Int
    let vin: [Input?]
    let vout: [Output]
  }

  private struct Input: Decodable {
    let txid: String
    let vout: UInt32

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      txid = try fields.decode(String.self)
      vout = try fields.decode(UInt32.self)
    }
  }

  private struct Output: Decodable {
    let value: UInt64
    let scriptPubKey: String

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      value = try fields.decode(UInt64.self)
      _ = try fields.decode(String?.self)
      _ = try fields.decode(String?.self)
      scriptPubKey = try fields.decode(String.self)
    }
  }
}
