package import Bytes
internal import JSON
internal import Synchronization

/// A block's receipts as a node gave them, for `Ethereum.BlockProof`.
package enum ReceiptsAnswer: Equatable, Sendable {
  /// The array that `eth_getBlockReceipts` answers.
  case whole([UInt8])
  /// The answers to `eth_getTransactionReceipt`, in the order of the transactions.
  case single([[UInt8]])
}

extension EthereumNode {
  private static let blockReceipts = "eth_getBlockReceipts"
  private static let receiptBatchCount = 100

  /// The receipts of the block: `eth_getBlockReceipts`, or where the node lacks that,
  /// `eth_getTransactionReceipt` for each transaction. Nil where the node doesn't have the block's
  /// receipts (yet), or any one of them; an empty list is another answer.
  ///
  /// - Parameters:
  ///   - count: how many transactions the block has
  ///   - gasUsed: the block's, by its header: what its logs can amount to
  ///   - hashes: those of the block's transactions, in their order; asked for where each receipt
  ///     must be
  package func receipts(
    of block: Hash32, count: Int, gasUsed: UInt64, hashes: @Sendable () -> [Hash32]
  ) async throws(NodeError) -> ReceiptsAnswer? {
    // Without transactions there is nothing to ask, and the header's root says the same.
    guard count > 0 else { return .whole(Array("[]".utf8)) }
    let bound = Self.receiptBytes(count: count, gasUsed: gasUsed)
    if !learned.withLock({ $0.absentMethods.contains(Self.blockReceipts) }) {
      let call = RPCCall(Self.blockReceipts, [.hash32(block)])
      switch try await outcome(call, isBulk: true, maximumBytes: bound) {
      case .failure(let error) where error.saysMethodIsAbsent:
        _ = learned.withLock { $0.absentMethods.insert(Self.blockReceipts) }
      case let outcome:
        guard let result = try Self.known(outcome, asking: block), !result.isNull else {
          return nil
        }
        return .whole(result.bytes)
      }
    }
    return try await singleReceipts(of: block, hashes(), bound).map { .single($0) }
  }

  private func singleReceipts(
    of block: Hash32, _ transactions: [Hash32], _ bound: Int
  ) async throws(NodeError) -> [[UInt8]]? {
    let calls = transactions.map { RPCCall("eth_getTransactionReceipt", [.hash32($0)]) }
    var receipts: [[UInt8]] = []
    receipts.reserveCapacity(calls.count)
    var start = 0
    while start < calls.count {
      let part = Array(calls[start..<min(start + Self.receiptBatchCount, calls.count)])
      for outcome in try await batch(part, isBulk: true, maximumBytes: bound) {
        guard let result = try Self.known(outcome, asking: block),
          try Self.isReceipt(result, of: block)
        else { return nil }
        receipts.append(result.bytes)
      }
      start += part.count
    }
    return receipts
  }

  /// Whether it is the receipt of a transaction in that very block: a transaction may stand in
  /// another by now, and some nodes answer before there is a block.
  private static func isReceipt(
    _ result: RPCResult, of block: Hash32
  ) throws(NodeError) -> Bool {
    guard !result.isNull else { return false }
    var blockHash: JSONValue?
    try reading { () throws(RPCError) in
      try result.reading { (reader) throws(JSONError) in
        try reader.readObject { (reader, name) throws(JSONError) in
          if name == "blockHash" {
            blockHash = try JSONValue(reading: &reader)
          } else {
            _ = try reader.skipValue()
          }
        }
      }
    }
    return blockHash?.hash32 == block
  }

  /// A receipt without logs takes some 1,500 bytes in JSON. A log without topics costs 375 gas and
  /// takes 500 bytes, each topic 375 gas and 70 bytes, each byte of data 8 gas and two digits.
  private static func receiptBytes(count: Int, gasUsed: UInt64) -> Int {
    let gas = Int(clamping: min(gasUsed, 1 << 28))
    return JSONRPCClient.smallAnswerBytes + min(count, 1 << 16) * 4_096 + 2 * gas
  }
}
