internal import Addresses
package import Bytes

/// A token transfer as a node tells it in answer to `eth_getLogs`: it says where to look, and
/// nothing of it counts before its block's receipts are proved.
package struct ClaimedTransfer: Hashable, Sendable {
  package let transfer: TokenTransfer
  package let blockNumber: UInt64
  package let blockHash: Hash32
  package let transactionHash: Hash32
  package let transactionIndex: UInt64
  /// Within the block; a reorg can change it.
  package let logIndex: UInt64
  /// How many logs of its transaction stand before it in the answer: its position within the
  /// transaction, where the answer has all of them.
  package let ordinal: UInt32
  /// Whether the node takes it back.
  package let isRemoved: Bool

  /// What stands in an answer to `eth_getLogs`.
  package struct Answer: Hashable, Sendable {
    /// The transfers from or to watched accounts, in the answer's order.
    package let transfers: [ClaimedTransfer]
    /// Of all kinds.
    package let logCount: Int
    /// Of all logs: the bloom of a block whose logs all are there.
    package let logsBloom: LogBloom?
  }

  /// - Parameters:
  ///   - answer: the `result`'s bytes
  ///   - computingBloom: whether the bloom is wanted, which costs a hash for each address and topic
  package static func all<Watching: AddressWatching>(
    in answer: RawSpan, watching: Watching, computingBloom: Bool = false
  ) throws(EthereumError) -> Answer {
    do {
      return try read(answer, watching: watching, computingBloom: computingBloom)
    } catch let error as AnswerError {
      throw .answer(error)
    } catch let error as RLPError {
      throw .rlp(error)
    } catch {
      throw .invalid(.topics)
    }
  }

  private static func read<Watching: AddressWatching>(
    _ answer: RawSpan, watching: Watching, computingBloom: Bool
  ) throws -> Answer {
    var reader = AnswerReader(answer)
    if try reader.skipNull() { throw AnswerError.null }
    var encoder = LogEncoder()
    var log = RLPWriter()
    var found: [ClaimedTransfer] = []
    var count = 0
    var bloom = computingBloom ? LogBloom() : nil
    let topic = TokenTransfer.topic
    var transaction: Hash32?
    var ordinal: UInt32 = 0
    try reader.openArray()
    while try reader.nextElement() {
      log.removeAll()
      try encoder.encode(&reader, to: &log)
      count += 1
      let id = try reader.hash32(
        encoder.members.required(.transactionHash), "transactionHash")
      ordinal = id == transaction ? ordinal &+ 1 : 0
      transaction = id
      let bytes = log.bytes.span.bytes
      if bloom != nil {
        var items = RLPReader(bytes)
        bloom?.insert(try EthereumLog(reading: &items))
      }
      var items = RLPReader(bytes)
      guard let transfer = try TokenTransfer.read(&items, topic: topic),
        watching.watches(transfer.to) || watching.watches(transfer.from)
      else { continue }
      found.append(try ClaimedTransfer(transfer, id, ordinal, encoder, in: reader))
    }
    try reader.expectEnd()
    return Answer(transfers: found, logCount: count, logsBloom: bloom)
  }

  private init(
    _ transfer: TokenTransfer, _ transactionHash: Hash32, _ ordinal: UInt32,
    _ encoder: LogEncoder, in reader: borrowing AnswerReader
  ) throws(AnswerError) {
    let members = encoder.members
    self.transfer = transfer
    blockNumber = try reader.number64(members.required(.blockNumber), "blockNumber")
    blockHash = try reader.hash32(members.required(.blockHash), "blockHash")
    self.transactionHash = transactionHash
    self.ordinal = ordinal
    transactionIndex = try reader.number64(
      members.required(.transactionIndex), "transactionIndex")
    logIndex = try reader.number64(members.required(.logIndex), "logIndex")
    isRemoved = encoder.isRemoved
  }
}
