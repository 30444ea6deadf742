package import Addresses
package import Bytes
internal import Digests
package import Keys

/// A text that an account's key signs to show that it holds the key, and that can't be taken for a
/// transaction (ERC-191 version 0x45, `personal_sign`).
package enum PersonalMessage {
  /// What is signed: the message behind a fixed text and its length in decimal digits, hashed.
  package static func hash(_ message: [UInt8]) -> Hash32 {
    let prefix = Array("\u{19}Ethereum Signed Message:\n\(message.count)".utf8)
    return Keccak256.hash(prefix + message)
  }

  /// Whose key made `signature` over `message`; nil where none can have, or it is one of the two
  /// signatures that nobody should accept (EIP-2).
  package static func signer(
    of message: [UInt8], signature: RecoverableSignature
  ) -> EthereumAddress? {
    guard signature.isLow else { return nil }
    return signature.publicKey(signing: hash(message)).map { EthereumAddress($0) }
  }
}
