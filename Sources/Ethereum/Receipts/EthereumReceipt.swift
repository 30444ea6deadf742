package import Bytes

/// What a transaction did, as the receipts trie secures it: the type byte (none for a legacy
/// transaction) and the list [outcome, cumulative gas, bloom, logs].
package struct EthereumReceipt: Hashable, Sendable {
  package var type: TransactionType
  package var outcome: Outcome
  /// By all transactions of the block up to this one.
  package var cumulativeGasUsed: UInt64
  package var logsBloom: LogBloom
  package var logs: [EthereumLog]
  /// Of an OP-stack deposit since Canyon; secured there alone.
  package var deposit: DepositFields?

  package enum Outcome: Hashable, Sendable {
    case succeeded
    /// All it did was undone: it moved nothing but its fee.
    case failed
    /// Before Byzantium the receipt holds the state root after the transaction (EIP-658), and
    /// doesn't tell whether it succeeded.
    case stateRoot(Hash32)
  }

  package struct DepositFields: Hashable, Sendable {
    /// The sender's nonce.
    package var nonce: UInt64
    package var version: UInt64

    package init(nonce: UInt64, version: UInt64) {
      self.nonce = nonce
      self.version = version
    }
  }

  /// A receipt with the bloom of its logs.
  package init(
    type: TransactionType, outcome: Outcome, cumulativeGasUsed: UInt64, logs: [EthereumLog],
    deposit: DepositFields? = nil
  ) {
    self.type = type
    self.outcome = outcome
    self.cumulativeGasUsed = cumulativeGasUsed
    self.logs = logs
    self.deposit = deposit
    logsBloom = LogBloom()
    for log in logs { logsBloom.insert(log) }
  }

  /// From its form in the trie.
  package init(encoded bytes: RawSpan) throws(EthereumError) {
    do {
      var walk = try ReceiptWalk(bytes)
      guard let known = walk.type else {
        throw EthereumError.unverifiable(
          .receiptType(bytes.isEmpty ? 0 : UInt64(bytes.unsafeLoad(as: UInt8.self))))
      }
      type = known
      outcome = walk.outcome
      cumulativeGasUsed = walk.cumulativeGasUsed
      logsBloom = walk.logsBloom
      deposit = walk.deposit
      logs = []
      while !walk.logs.isAtEnd { logs.append(try EthereumLog(reading: &walk.logs)) }
    } catch let error as EthereumError {
      throw error
    } catch let error as RLPError {
      throw .rlp(error)
    } catch {
      throw .invalid(.status)
    }
  }

  package init(encoded bytes: [UInt8]) throws(EthereumError) {
    try self.init(encoded: bytes.span.bytes)
  }

  /// As it stands in the receipts trie.
  package var encoded: [UInt8] {
    var writer = RLPWriter()
    append(to: &writer)
    return writer.bytes
  }

  package func append(to writer: inout RLPWriter) {
    if type != .legacy { writer.append(rawByte: type.rawValue) }
    let list = writer.openList()
    switch outcome {
    case .succeeded: writer.append(true)
    case .failed: writer.append(false)
    case .stateRoot(let root): writer.append(root)
    }
    writer.append(cumulativeGasUsed)
    writer.append(logsBloom.bytes)
    writer.appendList { writer in
      for log in logs { log.append(to: &writer) }
    }
    if let deposit {
      writer.append(deposit.nonce)
      writer.append(deposit.version)
    }
    writer.closeList(list)
  }
}
