package import Addresses
internal import Digests

extension OutputScript {
  /// Pay to the hash of `redeemScript` (BIP-0016).
  package static func p2sh(redeemScript: [UInt8]) -> OutputScript {
    .p2sh(HASH160.hash(redeemScript))
  }

  /// Pay to the hash of a public key of 33 or 65 bytes.
  package static func p2pkh(publicKey: [UInt8]) -> OutputScript {
    .p2pkh(HASH160.hash(publicKey))
  }
}
