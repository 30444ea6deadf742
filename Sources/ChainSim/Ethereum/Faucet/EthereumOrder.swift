package import Addresses
package import Bytes
package import Ethereum

/// What a transaction of a simulated account shall do.
package struct EthereumOrder: Sendable {
  /// The number of the account that signs and pays; 0 owns the contracts.
  package var account = 0
  /// Nil creates a contract.
  package var recipient: EthereumAddress?
  package var wei: UInt256
  package var input: [UInt8]
  package var fees = Fees.standard
  /// Nil takes the account's next.
  package var nonce: UInt64?
  /// Nil is enough for whatever the built-in contracts do.
  package var gasLimit: UInt64?

  package enum Fees: Hashable, Sendable {
    /// Type 2, good for a base fee of twice the next block's, with this tip in wei for each gas.
    case dynamic(tip: UInt256)
    /// Type 2.
    case capped(EthereumTransaction.FeeCaps)
    /// Type 0.
    case legacy(gasPrice: UInt256)
    /// Type 1, with an empty list.
    case accessList(gasPrice: UInt256)

    package static let standard = Fees.dynamic(tip: 1_000_000_000)
  }

  package init(to recipient: EthereumAddress?, wei: UInt256 = .zero, input: [UInt8] = []) {
    self.recipient = recipient
    self.wei = wei
    self.input = input
  }

  package static func ether(_ wei: UInt256, to recipient: EthereumAddress) -> EthereumOrder {
    EthereumOrder(to: recipient, wei: wei)
  }

  /// An ERC-20 `transfer` of a contract's token.
  package static func token(
    _ contract: EthereumAddress, _ value: UInt256, to recipient: EthereumAddress
  ) -> EthereumOrder {
    calling(
      contract, "transfer(address,uint256)", [.address(recipient), .number(value)])
  }

  /// A call of a contract's function, named by its signature.
  package static func calling(
    _ contract: EthereumAddress, _ signature: String, _ arguments: [ABI.Argument] = [],
    wei: UInt256 = .zero
  ) -> EthereumOrder {
    EthereumOrder(to: contract, wei: wei, input: ABI.call(signature, arguments))
  }

  /// The same by another account.
  package func by(account: Int) -> EthereumOrder {
    var order = self
    order.account = account
    return order
  }

  package func paying(_ fees: Fees) -> EthereumOrder {
    var order = self
    order.fees = fees
    return order
  }

  package func withNonce(_ nonce: UInt64) -> EthereumOrder {
    var order = self
    order.nonce = nonce
    return order
  }

  package func withGasLimit(_ gas: UInt64) -> EthereumOrder {
    var order = self
    order.gasLimit = gas
    return order
  }
}
