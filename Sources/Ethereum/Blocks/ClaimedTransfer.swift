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
    } catch {
      throw .invalid(.topics)
    }
  }

  private static func read<Watching: AddressWatching>(
    _ answer: RawSpan, watching: Watching, computingBloom: Bool
  ) throws -> Answer {
    var reader = AnswerReader(answer)
    if try reader.skipNull() { throw AnswerError.null }
    var log = LogFields()
    var found: [ClaimedTransfer] = []
    var count = 0
    var bloomItems = LogBloom.Items()
    var transaction: Hash32?
    var ordinal: UInt32 = 0
    try reader.openArray()
    while try reader.nextElement() {
      try log.read(&reader)
      count += 1
      let id = try reader.hash32(log.members.required(.transactionHash), "transactionHash")
      ordinal = id == transaction ? ordinal &+ 1 : 0
      transaction = id
      if computingBloom {
        bloomItems.append(try reader.address(log.members.required(.address), "address"))
        for index in 0..<log.topicCount { bloomItems.append(try log.topic(index, in: reader)) }
      }
      guard let transfer = try TokenTransfer(log, in: reader),
        watching.watches(transfer.to) || watching.watches(transfer.from)
      else { continue }
      found.append(try ClaimedTransfer(transfer, id, ordinal, log, in: reader))
    }
    try reader.expectEnd()
    return Answer(
      transfers: found, logCount: count,
      logsBloom: computingBloom ? LogBloom(of: bloomItems) : nil)
  }

  private init(
    _ transfer: TokenTransfer, _ transactionHash: Hash32, _ ordinal: UInt32,
    _ log: borrowing LogFields, in reader: borrowing AnswerReader
  ) throws(AnswerError) {
    self.transfer = transfer
    blockNumber = try reader.number64(log.members.required(.blockNumber), "blockNumber")
    blockHash = try reader.hash32(log.members.required(.blockHash), "blockHash")
    self.transactionHash = transactionHash
    self.ordinal = ordinal
    transactionIndex = try reader.number64(
      log.members.required(.transactionIndex), "transactionIndex")
    logIndex = try reader.number64(log.members.required(.logIndex), "logIndex")
    isRemoved = log.isRemoved
  }
}
