/// Somebody's signature under a refund statement: that this payment goes back to that address.
///
/// Nothing of it is verified here.
package struct RefundAttestation: Hashable, Sendable {
  package var kind: Kind
  /// The address whose key signed.
  package var signer: String
  /// The statement, as it was signed.
  package var message: String
  /// Base64 of a witness for BIP-0322, `0x` and 130 digits for EIP-191.
  package var signature: String

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// A Bitcoin address, by BIP-0322's simple form.
    case bip322
    /// An account of EVM chains, by `personal_sign` (ERC-191 version 0x45).
    case eip191
  }

  package init(kind: Kind, signer: String, message: String, signature: String) {
    self.kind = kind
    self.signer = signer
    self.message = message
    self.signature = signature
  }
}
