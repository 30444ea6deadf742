package import Addresses
package import Bytes
package import Keys

extension EthereumTransaction {
  /// One to be signed, of type 2 (EIP-1559) and without an access list: wei are sent, or a contract
  /// is called, or both.
  package init(
    chainID: UInt64, nonce: UInt64, to recipient: EthereumAddress, value: UInt256,
    input: [UInt8] = [], gasLimit: UInt64, caps: FeeCaps
  ) {
    self.init(
      form: .dynamicFee(chainID: chainID, caps, []), nonce: nonce, gasLimit: gasLimit,
      recipient: recipient, value: value, input: input)
  }

  /// What the sender signs, before it is hashed: the type's byte and the list without a signature.
  package var encodedForSigning: [UInt8] {
    var writer = RLPWriter()
    append(to: &writer, forSigning: true)
    return writer.bytes
  }

  /// The same with a signature that was made elsewhere.
  package func with(_ signature: RecoverableSignature) -> EthereumTransaction {
    var signed = self
    signed.signature = signature
    return signed
  }
}
