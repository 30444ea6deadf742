internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import Foundation

/// A node's answers about a block as mainnet has them: the 202 receipts of block 21925176, and for
/// its transactions, which the vectors lack, as many of blocks 18000000 and 18000001, under a
/// header that commits to both.
struct BlockAnswers {
  let block: [UInt8]
  let receipts: [UInt8]
  /// The receipts' logs, as `eth_getLogs` answers.
  let logs: [UInt8]
  let encodedReceipts: TrieItems
  /// Where each stands in `encodedReceipts.bytes`.
  let receiptRanges: [Range<Int>]
  /// As the block's own header has it.
  let receiptsRoot: Hash32

  init(vectors: URL) throws {
    let folder = vectors.appending(path: "ethereum/mainnet")
    guard
      let batch = try Self.json(folder, "block-18000000.json") as? [[String: Any]],
      let receipts = try Self.json(folder, "receipts-21925176.json") as? [[String: Any]]
    else { throw BenchmarkFailure("the blocks in \(folder.path) aren't as they were") }
    let blocks = batch.compactMap { $0["result"] as? [String: Any] }
    let transactions = blocks.flatMap { $0["transactions"] as? [[String: Any]] ?? [] }
      .prefix(receipts.count)
    guard var block = blocks.first, transactions.count == receipts.count,
      let gas = receipts.last?["cumulativeGasUsed"]
    else { throw BenchmarkFailure("the blocks in \(folder.path) aren't as they were") }

    let encoded = try receipts.map {
      let bytes = try Self.bytes($0)
      return try EthereumReceipt(json: bytes.span.bytes).encoded
    }
    let encodedReceipts = TrieItems(encoded)
    var ranges = ByteRun()
    for receipt in encoded { ranges.append(receipt) }
    receiptRanges = ranges.ranges
    guard
      let header = try Self.json(folder, "block-21925176.json") as? [String: Any],
      let published = header["receiptsRoot"] as? String
    else { throw BenchmarkFailure("the blocks in \(folder.path) aren't as they were") }
    receiptsRoot = try Hash32(hex: published.dropFirst(2))
    let transactionsRoot = TrieRoot.root(
      of: try transactions.map {
        let bytes = try Self.bytes($0)
        return try EthereumTransaction(json: bytes.span.bytes).encoded
      })
    block["transactions"] = Array(transactions)
    block["transactionsRoot"] = "0x\(transactionsRoot.hex)"
    block["receiptsRoot"] = "0x\(TrieRoot.root(of: encodedReceipts).hex)"
    block["gasUsed"] = gas
    let unnamed = try Self.bytes(block)
    block["hash"] = "0x\(try EthereumHeader(json: unnamed.span.bytes).hash.hex)"
    self.block = try Self.bytes(block)
    self.receipts = try Self.bytes(receipts)
    self.encodedReceipts = encodedReceipts
    logs = try Self.bytes(receipts.flatMap { $0["logs"] as? [Any] ?? [] })
  }

  /// Everything proved.
  func proof() throws(BlockProofError) -> BlockProof {
    try BlockProof.verify(
      block: block.span.bytes, receipts: receipts.span.bytes, expecting: nil, profile: .ethereum)
  }

  private static func json(_ folder: URL, _ name: String) throws -> Any {
    let file = folder.appending(path: name)
    guard let data = try? Data(contentsOf: file) else {
      throw BenchmarkFailure("\(file.path) can't be read; see --vectors")
    }
    return try JSONSerialization.jsonObject(with: data)
  }

  /// Compact, as nodes answer.
  private static func bytes(_ value: Any) throws -> [UInt8] {
    [UInt8](try JSONSerialization.data(withJSONObject: value, options: .sortedKeys))
  }
}
