package import Addresses
package import Bytes
internal import JSON

/// A transaction that isn't signed yet, as a node tries it out.
package struct TransactionCall: Equatable, Sendable {
  package let from: EthereumAddress
  package let to: EthereumAddress
  /// Wei.
  package let value: UInt256
  package let input: [UInt8]

  package init(from: EthereumAddress, to: EthereumAddress, value: UInt256, input: [UInt8]) {
    self.from = from
    self.to = to
    self.value = value
    self.input = input
  }

  fileprivate var json: JSONValue {
    .object([
      .init("from", .address(from)), .init("to", .address(to)),
      .init("value", .quantity(value)), .init("data", .data(input)),
    ])
  }
}

// What has to be known before a transaction is made. Nothing of it is proved: a node that lies
// makes a transaction that isn't mined, or one that fails.
extension EthereumNode {
  /// `eth_getTransactionCount` at the head: the nonce of the account's next transaction, those that
  /// wait in mempools aside.
  package func transactionCount(of account: EthereumAddress) async throws(NodeError) -> UInt64 {
    try await value(
      "eth_getTransactionCount", [.address(account), .string(BlockTag.latest.rawValue)]
    ) { $0.quantity(UInt64.self) }
  }

  /// `eth_estimateGas` on the head's state; the error has the node's words where the call fails.
  package func estimateGas(of call: TransactionCall) async throws(NodeError) -> UInt64 {
    try await value("eth_estimateGas", [call.json]) { $0.quantity(UInt64.self) }
  }

  /// `eth_call` on the head's state: what the call returns; the error has the node's words where it
  /// fails.
  package func simulate(_ call: TransactionCall) async throws(NodeError) -> [UInt8] {
    try await value("eth_call", [call.json, .string(BlockTag.latest.rawValue)], \.data)
  }

  /// `eth_getBalance` at the head, in wei.
  package func balance(of account: EthereumAddress) async throws(NodeError) -> UInt256 {
    try await value(
      "eth_getBalance", [.address(account), .string(BlockTag.latest.rawValue)], \.quantity256)
  }
  /// `eth_getTransactionByBlockNumberAndIndex`: the first transaction of the head, in which an
  /// OP-stack chain says what it takes besides gas. The answer, for `Ethereum.EthereumTransaction`.
  package func firstTransaction() async throws(NodeError) -> [UInt8] {
    let method = "eth_getTransactionByBlockNumberAndIndex"
    let result = try await ask(
      method, [.string(BlockTag.latest.rawValue), .quantity(0 as UInt64)])
    _ = try Self.value(of: result, method) { $0["hash"]?.hash32 }
    return result.bytes
  }
}
