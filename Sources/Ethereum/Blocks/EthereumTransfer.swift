package import Addresses
package import Bytes

/// Value that a block moved from one account to another.
package struct EthereumTransfer: Hashable, Sendable {
  /// The transaction's hash.
  package let txid: Hash32
  /// The transaction's place in its block.
  package let transactionIndex: Int
  package let position: Position
  /// The token's contract; nil for the chain's own coin.
  package let contract: EthereumAddress?
  package let from: EthereumAddress
  package let to: EthereumAddress
  /// Wei, or the token's smallest unit.
  package let value: UInt256
  /// Whether the transaction was executed without effect, so that nothing moved.
  package let hasFailed: Bool

  /// Where in its transaction: the same wherever a reorg puts the transaction.
  package enum Position: Hashable, Sendable {
    /// The transaction's own value.
    case value
    /// The log's index within the transaction's receipt, from 0.
    case log(UInt32)
    /// The path of an inner call from the transaction's root call; never empty.
    case trace([UInt32])
  }

  package init(
    txid: Hash32, transactionIndex: Int, position: Position, contract: EthereumAddress?,
    from: EthereumAddress, to: EthereumAddress, value: UInt256, hasFailed: Bool = false
  ) {
    self.hasFailed = hasFailed
    self.txid = txid
    self.transactionIndex = transactionIndex
    self.position = position
    self.contract = contract
    self.from = from
    self.to = to
    self.value = value
  }
}

extension EthereumTransfer.Position: CustomStringConvertible {
  /// `value`, `log:3`, `trace:0.2.1`.
  package var description: String {
    switch self {
    case .value: "value"
    case .log(let index): "log:\(index)"
    case .trace(let path): "trace:\(path.map { String($0) }.joined(separator: "."))"
    }
  }
}
