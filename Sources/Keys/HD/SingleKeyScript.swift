package import Addresses

/// The outputs that one public key can have, by the descriptor functions that make them.
package enum SingleKeyScript: Hashable, Sendable, CaseIterable {
  /// `pkh(KEY)`: P2PKH, BIP-0044.
  case pkh
  /// `sh(wpkh(KEY))`: P2WPKH inside P2SH, BIP-0049.
  case shWpkh
  /// `wpkh(KEY)`: P2WPKH, BIP-0084.
  case wpkh
  /// `tr(KEY)`: P2TR, spent by key alone, BIP-0086.
  case tr

  /// The hardened first step of its accounts' paths (BIP-0043).
  package var purpose: UInt32 {
    switch self {
    case .pkh: 44
    case .shWpkh: 49
    case .wpkh: 84
    case .tr: 86
    }
  }

  /// The output of a compressed key, or nil where a taproot key can't be tweaked, which nobody has
  /// ever met.
  package func output(of key: PublicKey) -> OutputScript? {
    switch self {
    case .pkh: return .p2pkh(key.hash160)
    case .shWpkh: return .p2sh(redeemScript: OutputScript.p2wpkh(key.hash160).scriptPubKey)
    case .wpkh: return .p2wpkh(key.hash160)
    case .tr: return key.xOnly.tapTweaked().map { .p2tr($0.bytes) }
    }
  }

  /// The expression around `key`, without checksum.
  func expression(around key: String) -> String {
    switch self {
    case .pkh: "pkh(\(key))"
    case .shWpkh: "sh(wpkh(\(key)))"
    case .wpkh: "wpkh(\(key))"
    case .tr: "tr(\(key))"
    }
  }
}
