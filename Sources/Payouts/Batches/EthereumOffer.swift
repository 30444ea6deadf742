package import Addresses
package import Bytes
package import Ethereum
package import Keys

/// An unsigned EIP-1559 transaction, and where the signer finds its sender's key.
package struct EthereumOffer: Hashable, Sendable {
  package var from: EthereumAddress
  /// From the master key, such as `m/44h/60h/0h/1/0`.
  package var path: DerivationPath
  package var nonce: UInt64
  package var to: EthereumAddress
  /// Wei.
  package var value: UInt256
  /// Call data.
  package var data: [UInt8]
  package var gas: UInt64
  package var caps: EthereumTransaction.FeeCaps

  package init(
    from: EthereumAddress, path: DerivationPath, nonce: UInt64, to: EthereumAddress,
    value: UInt256, data: [UInt8] = [], gas: UInt64, caps: EthereumTransaction.FeeCaps
  ) {
    self.from = from
    self.path = path
    self.nonce = nonce
    self.to = to
    self.value = value
    self.data = data
    self.gas = gas
    self.caps = caps
  }

  /// What is signed.
  package func transaction(chainID: UInt64) -> EthereumTransaction {
    EthereumTransaction(
      chainID: chainID, nonce: nonce, to: to, value: value, input: data, gasLimit: gas, caps: caps)
  }
}
