package import Addresses
internal import Bytes
internal import Digests

extension OutputScript {
  /// Pay to the hash of `redeemScript` (BIP-0016).
  package static func p2sh(redeemScript: [UInt8]) -> OutputScript {
    .p2sh(HASH160.hash(redeemScript))
  }

  /// P2WPKH inside P2SH: pay to the hash of that output's script.
  static func p2sh(p2wpkh hash: Hash20) -> OutputScript {
    var script = InlineArray<22, UInt8>(repeating: 0)
    script[1] = 20
    hash.withUnsafeBytes { for index in 0..<20 { script[2 + index] = $0[index] } }
    return .p2sh(HASH160.hash(script.span.bytes))
  }

  /// Pay to the hash of a public key of 33 or 65 bytes.
  package static func p2pkh(publicKey: [UInt8]) -> OutputScript {
    .p2pkh(HASH160.hash(publicKey))
  }
}
