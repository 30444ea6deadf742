package import Bytes
package import ChainTypes
internal import JSON

/// A transaction as a node tells it; nothing is proved.
package struct NodeTransaction: Equatable, Sendable {
  /// The answer, for `Ethereum.EthereumTransaction`.
  package let bytes: [UInt8]
  /// Where the node has it; nil while it waits in its mempool.
  package let block: BlockRef?
}

/// What the last blocks' transactions paid.
package struct FeeHistory: Equatable, Sendable {
  package let oldestBlock: UInt32
  /// Wei for a unit of gas, by block from the oldest on; the last is the next block's.
  package let baseFees: [UInt256]
  /// For each block the tips at the percentiles that were asked for.
  package let rewards: [[UInt256]]
}

extension EthereumNode {
  /// A transaction that nodes relay has at most 128 KiB, which are twice as many digits.
  private static let transactionBatchCount = 50

  /// `eth_getTransactionByHash` in batches, in the order of `hashes`; nil for one that the node
  /// doesn't know (any more).
  package func transactions(_ hashes: [Hash32]) async throws(NodeError) -> [NodeTransaction?] {
    let calls = hashes.map { RPCCall("eth_getTransactionByHash", [.hash32($0)]) }
    var transactions: [NodeTransaction?] = []
    transactions.reserveCapacity(hashes.count)
    let outcomes = try await batch(
      calls, maximumCount: Self.transactionBatchCount, isBulk: true)
    for (hash, outcome) in zip(hashes, outcomes) {
      guard let result = try Self.known(outcome, asking: nil), !result.isNull else {
        transactions.append(nil)
        continue
      }
      let block = try Self.value(of: result, "eth_getTransactionByHash") { json in
        Self.place(of: json, asked: hash)
      }
      transactions.append(NodeTransaction(bytes: result.bytes, block: block))
    }
    return transactions
  }

  /// Nil for what isn't that transaction; in it nil where it stands in no block.
  private static func place(of json: JSONValue, asked hash: Hash32) -> BlockRef?? {
    guard json["hash"]?.hash32 == hash else { return nil }
    switch (json["blockHash"], json["blockNumber"]) {
    case (nil, _), (.null?, _), (_, nil), (_, .null?): return .some(nil)
    case (let blockHash?, let number?):
      guard let blockHash = blockHash.hash32, let height = number.quantity(UInt32.self) else {
        return nil
      }
      return .some(BlockRef(height: height, hash: blockHash))
    }
  }

  /// `eth_sendRawTransaction`: the hash under which the node took it, or `transactionRefused`.
  /// One that it has already is refused as `alreadyKnown`.
  package func send(_ transaction: [UInt8]) async throws(NodeError) -> Hash32 {
    do throws(NodeError) {
      return try await value("eth_sendRawTransaction", [.data(transaction)], \.hash32)
    } catch .rpc(.node(let error)) {
      guard let refusal = error.broadcastRefusal else { throw .rpc(.node(error)) }
      throw .transactionRefused(refusal, message: error.message)
    } catch {
      throw error
    }
  }

  /// `eth_feeHistory` up to the head: base fees, and the tips at `percentiles` (0 to 100, rising)
  /// of each block's gas. At most `blocks` blocks, fewer where the chain is shorter or the node
  /// gives no more.
  package func feeHistory(
    blocks: UInt16, percentiles: [UInt8]
  ) async throws(NodeError) -> FeeHistory {
    try await value(
      "eth_feeHistory",
      [
        .quantity(blocks), .string(BlockTag.latest.rawValue),
        .array(percentiles.map { .integer($0) }),
      ]
    ) { json in
      guard let oldest = json["oldestBlock"]?.quantity(UInt32.self),
        let baseFees = json["baseFeePerGas"]?.elements, baseFees.count <= Int(blocks) + 1
      else { return nil }
      // Without percentiles the member may be missing.
      let rows = json["reward"]?.elements ?? baseFees.dropLast().map { _ in .array([]) }
      guard rows.count == baseFees.count - 1 else { return nil }
      let rewards = rows.compactMap { row -> [UInt256]? in
        guard let tips = row.elements, tips.count == percentiles.count else { return nil }
        let read = tips.compactMap(\.quantity256)
        return read.count == tips.count ? read : nil
      }
      let fees = baseFees.compactMap(\.quantity256)
      guard rewards.count == rows.count, fees.count == baseFees.count else { return nil }
      return FeeHistory(oldestBlock: oldest, baseFees: fees, rewards: rewards)
    }
  }
}

extension RPCNodeError {
  /// geth's words, which the others have taken over; all come as −32000 or −32003. Nil where the
  /// node hasn't judged the transaction.
  fileprivate var broadcastRefusal: NodeError.BroadcastRefusal? {
    if says("already known", "alreadyknown", "already imported")
      || (says("known transaction") && !says("unknown transaction"))
    {
      return .alreadyKnown
    }
    if says("nonce too low", "oldnonce", "nonce is too low") { return .nonceUsed }
    if says("underpriced", "fee too low", "feetoolow") { return .underpriced }
    if says("insufficient funds", "insufficientfunds") { return .inputsOrBounds }
    if says("rate", "limit exceeded", "too many", "timeout", "timed out") { return nil }
    return code == Code.serverError || code == Code.transactionRejected ? .rejected : nil
  }
}
