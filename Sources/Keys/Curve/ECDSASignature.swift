package import Bytes
internal import CSecp256k1

/// An ECDSA signature over secp256k1 from which no key can be recovered: how a Bitcoin transaction
/// before taproot says that its coins' owner agrees.
package struct ECDSASignature: Hashable, Sendable {
  /// Most significant byte first, as `s`.
  package let r: Hash32
  package let s: Hash32

  /// A DER sequence of two integers of at most 33 bytes each.
  package static let derLengths = 8...72
  /// With both numbers made by `PrivateKey.ecdsaSignature`, whose `s` is low and so has no sign
  /// byte.
  package static let maximumLowDERByteCount = 71

  fileprivate init(_ signature: secp256k1_ecdsa_signature) {
    var copy = signature
    var compact: [2 of Hash32] = [.zero, .zero]
    withUnsafeMutableBytes(of: &compact) {
      _ = secp256k1_ecdsa_signature_serialize_compact(Secp256k1.context, $0.bytes(64), &copy)
    }
    (r, s) = (compact[0], compact[1])
  }

  /// From DER in its only allowed form (BIP-0066), without a hash type behind it; nil for any other
  /// form, and for numbers that aren't below the group's order.
  package init?(der: [UInt8]) {
    guard Self.derLengths.contains(der.count) else { return nil }
    var signature = secp256k1_ecdsa_signature()
    let isParsed = der.withUnsafeBytes {
      secp256k1_ecdsa_signature_parse_der(
        Secp256k1.context, &signature, $0.bytes(der.count), der.count) == 1
    }
    guard isParsed else { return nil }
    self.init(signature)
    // What libsecp256k1 reads more generously than BIP-0066 doesn't come back the same.
    guard self.der == der else { return nil }
  }

  /// 8 to 72 bytes (BIP-0066).
  package var der: [UInt8] {
    guard var signature = parsed else { return [] }
    return [UInt8](unsafeUninitializedCapacity: Self.derLengths.upperBound) { buffer, count in
      var length = Self.derLengths.upperBound
      let bytes = UnsafeMutableRawBufferPointer(buffer).bytes(length)
      let isWritten = secp256k1_ecdsa_signature_serialize_der(
        Secp256k1.context, bytes, &length, &signature)
      count = isWritten == 1 ? length : 0
    }
  }

  /// As libsecp256k1 has it; there always is one, because both numbers came from it.
  fileprivate var parsed: secp256k1_ecdsa_signature? {
    var signature = secp256k1_ecdsa_signature()
    let compact: [2 of Hash32] = [r, s]
    let isParsed = withUnsafeBytes(of: compact) {
      secp256k1_ecdsa_signature_parse_compact(Secp256k1.context, &signature, $0.bytes(64)) == 1
    }
    return isParsed ? signature : nil
  }
}

extension PublicKey {
  /// Whether this key's owner made `signature` over `hash`. A high `s` is refused (BIP-0146).
  package func verifies(_ signature: ECDSASignature, over hash: Hash32) -> Bool {
    guard var parsed = signature.parsed else { return false }
    var copy = point
    return hash.withUnsafeBytes {
      secp256k1_ecdsa_verify(Secp256k1.context, &parsed, $0.bytes(32), &copy) == 1
    }
  }
}

extension PrivateKey {
  /// The signature of this key over `hash` with a low `s`, always the same one (RFC 6979). It was
  /// verified: a fault of the machine must not let a wrong one out, which could give the key away.
  package func ecdsaSignature(over hash: Hash32) -> ECDSASignature {
    var signature = secp256k1_ecdsa_signature()
    withSecretBytes { secret in
      hash.withUnsafeBytes { message in
        // The number was checked when the key was made, so there is a signature.
        _ = secp256k1_ecdsa_sign(
          Secp256k1.context, &signature, message.bytes(32), secret.bytes(32), nil, nil)
      }
    }
    let result = ECDSASignature(signature)
    precondition(publicKey.verifies(result, over: hash), "a signature must verify before it leaves")
    return result
  }
}
