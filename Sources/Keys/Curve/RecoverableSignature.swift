package import Bytes
internal import CSecp256k1

/// An ECDSA signature over secp256k1 from which the signer's public key can be computed: how an
/// Ethereum transaction says who sent it.
package struct RecoverableSignature: Hashable, Sendable {
  /// Most significant byte first, as `s`.
  package let r: Hash32
  package let s: Hash32
  /// Whether the y coordinate of the point behind `r` is odd.
  package let isOdd: Bool

  package init(r: Hash32, s: Hash32, isOdd: Bool) {
    self.r = r
    self.s = s
    self.isOdd = isOdd
  }

  /// Half the group's order, rounded down.
  private static let halfOrder = Hash32([
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
  ])

  /// Whether `s` isn't above half the group's order. Negating `s` gives a second signature for the
  /// same key and message; only the low one is allowed since Homestead (EIP-2).
  package var isLow: Bool { Self.halfOrder.map { s <= $0 } ?? false }

  /// The key that made this signature over `hash`; nil where none can have: `r` or `s` is zero or
  /// not below the group's order, or no point has that x.
  package func publicKey(signing hash: Hash32) -> PublicKey? {
    var signature = secp256k1_ecdsa_recoverable_signature()
    var point = secp256k1_pubkey()
    let compact: [2 of Hash32] = [r, s]
    let isParsed = withUnsafeBytes(of: compact) {
      secp256k1_ecdsa_recoverable_signature_parse_compact(
        Secp256k1.context, &signature, $0.bytes(64), isOdd ? 1 : 0) == 1
    }
    guard isParsed else { return nil }
    let isRecovered = hash.withUnsafeBytes {
      secp256k1_ecdsa_recover(Secp256k1.context, &point, &signature, $0.bytes(32)) == 1
    }
    return isRecovered ? PublicKey(point: point) : nil
  }
}

extension PrivateKey {
  /// The low signature of this key over `hash`, always the same one (RFC 6979). It was verified:
  /// this key's public one is what it recovers to.
  package func signature(over hash: Hash32) -> RecoverableSignature {
    var signature = secp256k1_ecdsa_recoverable_signature()
    var compact: [2 of Hash32] = [.zero, .zero]
    var recoveryID: Int32 = 0
    withSecretBytes { secret in
      hash.withUnsafeBytes { message in
        // The number was checked when the key was made, so there is a signature.
        _ = secp256k1_ecdsa_sign_recoverable(
          Secp256k1.context, &signature, message.bytes(32), secret.bytes(32), nil, nil)
      }
    }
    withUnsafeMutableBytes(of: &compact) {
      _ = secp256k1_ecdsa_recoverable_signature_serialize_compact(
        Secp256k1.context, $0.bytes(64), &recoveryID, &signature)
    }
    // An `r` above the group's order (2 or 3) has a chance below 1 in 2¹²⁷.
    let result = RecoverableSignature(r: compact[0], s: compact[1], isOdd: recoveryID & 1 == 1)
    precondition(
      result.publicKey(signing: hash) == publicKey, "a signature must verify before it leaves")
    return result
  }
}
