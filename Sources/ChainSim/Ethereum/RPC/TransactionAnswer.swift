internal import Addresses
internal import Bytes
internal import Ethereum
internal import Keys

/// What a node says of a transaction, which a fault may have changed.
struct TransactionAnswer {
  var transaction: EthereumTransaction
  var hash: Hash32
  var sender: EthereumAddress
  var gasPrice: UInt256
  /// Nil for one that waits.
  var place: Place?
  /// In place of its own.
  var type: UInt64
  /// Of a deposit.
  var deposit: EthereumReceipt.DepositFields?

  struct Place {
    let blockHash: Hash32
    let number: UInt64
    let timestamp: UInt64
    let index: Int
  }

  init(_ known: KnownEthereumTransaction, in block: SimulatedEthereumBlock?, at index: Int) {
    transaction = known.transaction
    hash = known.hash
    sender = known.sender
    type = UInt64(known.transaction.type.rawValue)
    gasPrice = known.caps.maxFeePerGas
    guard let block else { return }
    gasPrice = block.outcomes[index].effectiveGasPrice
    deposit = block.outcomes[index].receipt.deposit
    place = Place(
      blockHash: block.hash, number: block.number, timestamp: block.header.timestamp, index: index)
  }

  /// Member for member as geth 1.17 tells them.
  func write(to writer: inout AnswerWriter) {
    writer.object { writer in
      writer.member("blockHash", hash: place?.blockHash)
      writer.member("blockNumber", quantity: place?.number)
      writer.member("blockTimestamp", quantity: place?.timestamp)
      writer.member("from", address: sender)
      writer.member("gas", quantity: transaction.gasLimit)
      writer.member("gasPrice", quantity: gasPrice)
      if case .dynamicFee(_, let caps, _) = transaction.form {
        writer.member("maxFeePerGas", quantity: caps.maxFeePerGas)
        writer.member("maxPriorityFeePerGas", quantity: caps.maxPriorityFeePerGas)
      }
      writer.member("hash", hash: hash)
      writer.member("input", data: transaction.input)
      writer.member("nonce", quantity: deposit?.nonce ?? transaction.nonce)
      writer.member("to", address: transaction.recipient)
      writer.member("transactionIndex", quantity: place.map { UInt64($0.index) })
      writer.member("value", quantity: transaction.value)
      writer.member("type", quantity: type)
      writeAccessList(to: &writer)
      if let chainID = transaction.chainID { writer.member("chainId", quantity: chainID) }
      writeSignature(to: &writer)
      writeDeposit(to: &writer)
    }
  }

  /// As op-geth tells it.
  private func writeDeposit(to writer: inout AnswerWriter) {
    guard case .deposit(let fields) = transaction.form else { return }
    for name in ["v", "r", "s"] as [StaticString] { writer.member(name, quantity: UInt256.zero) }
    writer.member("sourceHash", hash: fields.sourceHash)
    writer.member("mint", quantity: fields.mint)
    if let deposit { writer.member("depositReceiptVersion", quantity: deposit.version) }
  }

  private func writeAccessList(to writer: inout AnswerWriter) {
    let list: [EthereumTransaction.AccessListEntry]
    switch transaction.form {
    case .accessList(_, _, let entries), .dynamicFee(_, _, let entries): list = entries
    default: return
    }
    writer.name("accessList")
    writer.array(of: list) { writer, entry in
      writer.object { writer in
        writer.member("address", address: entry.address)
        writer.name("storageKeys")
        writer.array(of: entry.storageKeys) { $0.hash($1) }
      }
    }
  }

  private func writeSignature(to writer: inout AnswerWriter) {
    guard let signature = transaction.signature else { return }
    let parity: UInt64 = signature.isOdd ? 1 : 0
    let isLegacy = transaction.type == .legacy
    let v =
      if isLegacy {
        transaction.chainID.map { UInt256($0).timesWord(2).addingReportingOverflow(35).sum } ?? 27
      } else {
        UInt256.zero
      }
    writer.member("v", quantity: v.addingReportingOverflow(UInt256(parity)).sum)
    writer.member("r", quantity: UInt256(bigEndian: signature.r.bytes) ?? .zero)
    writer.member("s", quantity: UInt256(bigEndian: signature.s.bytes) ?? .zero)
    if !isLegacy { writer.member("yParity", quantity: parity) }
  }
}
