import Bytes
import Foundation
import TestSupport

/// A block of `vectors/blocks` with the outputs that Bitcoin Core's `decoderawtransaction` sees.
struct ListedBlock: Sendable, CustomStringConvertible {
  let file: String
  let network: String
  let height: Int
  /// Display order.
  let hash: String

  var description: String { file }

  static let mainnet = [
    ListedBlock(
      file: "mainnet-300025.raw", network: "mainnet", height: 300_025,
      hash: "0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c"),
    ListedBlock(
      file: "mainnet-370661.raw", network: "mainnet", height: 370_661,
      hash: "00000000000000001416a613602d73bbe5c79170fd8f39d509896b829cf9021e"),
    ListedBlock(
      file: "mainnet-481829.raw", network: "mainnet", height: 481_829,
      hash: "000000000000000000917cba69f69b758fe396c8e30ae97bbcf08c4eb975e726"),
    segwit,
    ListedBlock(
      file: "mainnet-702861.raw", network: "mainnet", height: 702_861,
      hash: "000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae"),
    ListedBlock(
      file: "mainnet-866342.raw", network: "mainnet", height: 866_342,
      hash: "000000000000000000014ce9ba7c6760053c3c82ce6ab43d60afb101d3c8f1f1"),
  ]

  /// A small one.
  static let segwit = ListedBlock(
    file: "mainnet-482683.raw", network: "mainnet", height: 482_683,
    hash: "000000000000000000c238240ef6dcb26c37e75e16514e6ffc0aef7eee73e747")

  static let testnet3 = ListedBlock(
    file: "testnet3-928828.raw", network: "testnet3", height: 928_828,
    hash: "00000000000cee3a01a2821fe68eaa06000e8c744320efca8fcff9c4b9cf76c2")

  /// All its outputs, in order.
  func outputs() throws -> [ListedOutput] {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/gzip")
    process.arguments = [
      "-dc", PackageFiles.root.appending(path: "vectors/blocks/expected/\(height).jsonl.gz").path,
    ]
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try data.split(separator: UInt8(ascii: "\n")).flatMap { line in
      let transaction = try JSONDecoder().decode(Transaction.self, from: Data(line))
      return transaction.vout.enumerated().map { vout, output in
        ListedOutput(
          scriptPubKey: output.scriptPubKey,
          transfer: TransferLine(
            block: hash, txid: transaction.txid, vout: vout, address: output.address,
            value: output.value))
      }
    }
  }

  private struct Transaction: Decodable {
    let txid: String
    let vout: [Output]
  }

  private struct Output: Decodable {
    let value: UInt64
    let address: String?
    let scriptPubKey: String

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      value = try fields.decode(UInt64.self)
      _ = try fields.decode(String?.self)
      address = try fields.decode(String?.self)
      scriptPubKey = try fields.decode(String.self)
    }
  }
}

/// An output, and the line it is to give where it is watched.
struct ListedOutput {
  let scriptPubKey: String
  let transfer: TransferLine
}

/// A line that `payctl scan --format json` prints for a transfer.
struct TransferLine: Codable, Hashable {
  let block: String
  let txid: String
  let vout: Int
  let address: String?
  let value: UInt64
}
