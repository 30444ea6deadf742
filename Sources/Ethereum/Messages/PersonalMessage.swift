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

  /// The same from a signature's text: `0x` and 130 digits, r, s, and 27 or 28, or 0 or 1.
  package static func signer(of message: [UInt8], signature text: String) -> EthereumAddress? {
    guard text.hasPrefix("0x"), text.utf8.count == 132,
      let bytes = try? Hex.decode(text.dropFirst(2)), let v = bytes.last,
      [0, 1, 27, 28].contains(v),
      let r = Hash32(Array(bytes[0..<32])), let s = Hash32(Array(bytes[32..<64]))
    else { return nil }
    return signer(
      of: message, signature: RecoverableSignature(r: r, s: s, isOdd: v == 28 || v == 1))
  }

  /// The key's signature over a message, as wallets write it: with 27 or 28 at its end.
  package static func signature(of message: [UInt8], by key: PrivateKey) -> String {
    let signature = key.signature(over: hash(message))
    return "0x"
      + Hex.encode(signature.r.bytes + signature.s.bytes + [signature.isOdd ? 28 : 27])
  }
}
