internal import Addresses
internal import Bytes
internal import Ethereum

/// What a node says of a receipt, which a fault may have changed.
struct ReceiptAnswer {
  var receipt: EthereumReceipt
  var transactionHash: Hash32
  var place: TransactionAnswer.Place
  var sender: EthereumAddress
  var recipient: EthereumAddress?
  var createdContract: EthereumAddress?
  var gasUsed: UInt64
  var effectiveGasPrice: UInt256
  /// The block-wide index of its first log.
  var firstLogIndex: Int
  /// In place of its own.
  var type: UInt64

  /// All receipts of a block.
  static func all(of block: SimulatedEthereumBlock) -> [ReceiptAnswer] {
    var answers: [ReceiptAnswer] = []
    answers.reserveCapacity(block.outcomes.count)
    var logCount = 0
    for index in block.outcomes.indices {
      answers.append(ReceiptAnswer(block, index: index, firstLogIndex: logCount))
      logCount += block.outcomes[index].receipt.logs.count
    }
    return answers
  }

  private init(_ block: SimulatedEthereumBlock, index: Int, firstLogIndex: Int) {
    let (known, outcome) = (block.transactions[index], block.outcomes[index])
    receipt = outcome.receipt
    transactionHash = known.hash
    place = TransactionAnswer.Place(
      blockHash: block.hash, number: block.number, timestamp: block.header.timestamp, index: index)
    sender = known.sender
    recipient = known.transaction.recipient
    createdContract = outcome.createdContract
    gasUsed = outcome.gasUsed
    effectiveGasPrice = outcome.effectiveGasPrice
    self.firstLogIndex = firstLogIndex
    type = UInt64(known.transaction.type.rawValue)
  }

  var logs: [LogAnswer] {
    receipt.logs.enumerated().map { position, log in
      LogAnswer(
        log: log, transactionHash: transactionHash, place: place, index: firstLogIndex + position)
    }
  }

  /// Member for member as geth 1.17 tells them.
  func write(to writer: inout AnswerWriter) {
    writer.object { writer in
      writer.member("blockHash", hash: place.blockHash)
      writer.member("blockNumber", quantity: place.number)
      writer.member("contractAddress", address: createdContract)
      writer.member("cumulativeGasUsed", quantity: receipt.cumulativeGasUsed)
      if let deposit = receipt.deposit {
        writer.member("depositNonce", quantity: deposit.nonce)
        writer.member("depositReceiptVersion", quantity: deposit.version)
      }
      writer.member("effectiveGasPrice", quantity: effectiveGasPrice)
      writer.member("from", address: sender)
      writer.member("gasUsed", quantity: gasUsed)
      writer.name("logs")
      writer.array(of: logs) { $1.write(to: &$0) }
      writer.member("logsBloom", data: receipt.logsBloom.bytes)
      writer.member("status", quantity: receipt.outcome == .succeeded ? 1 : 0)
      writer.member("to", address: recipient)
      writer.member("transactionHash", hash: transactionHash)
      writer.member("transactionIndex", quantity: UInt64(place.index))
      writer.member("type", quantity: type)
    }
  }
}

/// What a node says of a log, which a fault may have changed.
struct LogAnswer {
  var log: EthereumLog
  var transactionHash: Hash32
  var place: TransactionAnswer.Place
  /// Within the block.
  var index: Int
  var isRemoved = false

  func write(to writer: inout AnswerWriter) {
    writer.object { writer in
      writer.member("address", address: log.address)
      writer.name("topics")
      writer.array(of: log.topics) { $0.hash($1) }
      writer.member("data", data: log.data)
      writer.member("blockNumber", quantity: place.number)
      writer.member("transactionHash", hash: transactionHash)
      writer.member("transactionIndex", quantity: UInt64(place.index))
      writer.member("blockHash", hash: place.blockHash)
      writer.member("blockTimestamp", quantity: place.timestamp)
      writer.member("logIndex", quantity: UInt64(index))
      writer.name("removed")
      writer.flag(isRemoved)
    }
  }
}
