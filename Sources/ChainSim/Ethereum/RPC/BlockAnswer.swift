internal import Addresses
internal import Bytes
internal import Ethereum

/// What `eth_getBlockByHash` says of a block, which a fault may have changed.
struct BlockAnswer {
  var header: EthereumHeader
  /// Nil for the pending block.
  var hash: Hash32?
  var transactions: [TransactionAnswer]
  var withdrawals: [Withdrawal]
  var hasWholeTransactions: Bool
  /// A member that no known fork has.
  var hasUnknownMember = false

  init(_ block: SimulatedEthereumBlock, isPending: Bool, hasWholeTransactions: Bool) {
    header = block.header
    hash = isPending ? nil : block.hash
    withdrawals = block.withdrawals
    self.hasWholeTransactions = hasWholeTransactions
    transactions = block.transactions.indices.map { index in
      TransactionAnswer(block.transactions[index], in: isPending ? nil : block, at: index)
    }
  }

  /// Member for member as geth 1.17 tells them.
  func write(to writer: inout AnswerWriter) {
    writer.object { writer in
      if let baseFee = header.baseFeePerGas { writer.member("baseFeePerGas", quantity: baseFee) }
      if let gas = header.blobGasUsed { writer.member("blobGasUsed", quantity: gas) }
      if let hash = header.blockAccessListHash { writer.member("blockAccessListHash", hash: hash) }
      writer.member("difficulty", quantity: header.difficulty)
      if let gas = header.excessBlobGas { writer.member("excessBlobGas", quantity: gas) }
      writer.member("extraData", data: header.extraData)
      writer.member("gasLimit", quantity: header.gasLimit)
      writer.member("gasUsed", quantity: header.gasUsed)
      writer.member("hash", hash: hash)
      writer.member("logsBloom", data: header.logsBloom.bytes)
      writer.member("miner", address: hash == nil ? nil : header.beneficiary)
      writer.member("mixHash", hash: header.mixHash)
      writer.name("nonce")
      if hash == nil {
        writer.null()
      } else {
        writer.data(withUnsafeBytes(of: header.nonce.bigEndian) { Array($0) })
      }
      writer.member("number", quantity: header.number)
      if let root = header.parentBeaconBlockRoot, hash != nil {
        writer.member("parentBeaconBlockRoot", hash: root)
      }
      writer.member("parentHash", hash: header.parentHash)
      writer.member("receiptsRoot", hash: header.receiptsRoot)
      if let requests = header.requestsHash { writer.member("requestsHash", hash: requests) }
      writer.member("sha3Uncles", hash: header.ommersHash)
      writer.member("size", quantity: byteCount)
      if let slot = header.slotNumber { writer.member("slotNumber", quantity: slot) }
      writer.member("stateRoot", hash: header.stateRoot)
      writer.member("timestamp", quantity: header.timestamp)
      writeContent(to: &writer)
      if hasUnknownMember { writer.member("newForkRoot", hash: header.stateRoot) }
    }
  }

  private func writeContent(to writer: inout AnswerWriter) {
    writer.name("transactions")
    writer.array(of: transactions) { writer, transaction in
      if hasWholeTransactions {
        transaction.write(to: &writer)
      } else {
        writer.hash(transaction.hash)
      }
    }
    writer.member("transactionsRoot", hash: header.transactionsRoot)
    writer.name("uncles")
    writer.array { _ in }
    guard let root = header.withdrawalsRoot else { return }
    writer.name("withdrawals")
    writer.array(of: withdrawals) { writer, withdrawal in
      writer.object { writer in
        writer.member("index", quantity: withdrawal.index)
        writer.member("validatorIndex", quantity: withdrawal.validatorIndex)
        writer.member("address", address: withdrawal.recipient)
        writer.member("amount", quantity: withdrawal.gwei)
      }
    }
    writer.member("withdrawalsRoot", hash: root)
  }

  /// Of the whole block's RLP.
  private var byteCount: UInt64 {
    var writer = RLPWriter()
    let block = writer.openList()
    header.append(to: &writer)
    writer.appendList { writer in
      for transaction in transactions {
        let encoded = transaction.transaction.encoded
        if transaction.transaction.type == .legacy {
          writer.append(encoded: encoded)
        } else {
          writer.append(encoded)
        }
      }
    }
    writer.appendList { _ in }
    writer.appendList { writer in
      for withdrawal in withdrawals { withdrawal.append(to: &writer) }
    }
    writer.closeList(block)
    return UInt64(writer.bytes.count)
  }
}
