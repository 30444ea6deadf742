package import Bytes
internal import CSecp256k1
internal import Digests

/// A Schnorr signature (BIP-0340): how a taproot output's key agrees to a spend.
package struct SchnorrSignature: Hashable, Sendable {
  /// The x coordinate of the nonce's point, most significant byte first.
  package let r: Hash32
  /// Most significant byte first.
  package let s: Hash32

  package static let byteCount = 64

  /// From 64 bytes, r before s; nil for another count. Whether they sign anything is for
  /// `XOnlyPublicKey.verifies`.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    r = Hash32(bytes: bytes.span.bytes, at: 0)
    s = Hash32(bytes: bytes.span.bytes, at: 32)
  }

  fileprivate init(r: Hash32, s: Hash32) {
    self.r = r
    self.s = s
  }

  /// 64 bytes.
  package var bytes: [UInt8] { r.bytes + s.bytes }
}

extension XOnlyPublicKey {
  /// Whether this key's owner made `signature` over `message`, of any length.
  package func verifies(_ signature: SchnorrSignature, over message: [UInt8]) -> Bool {
    var copy = key
    let compact: [2 of Hash32] = [signature.r, signature.s]
    return withUnsafeBytes(of: compact) { signature in
      message.withUnsafeBufferPointer { message in
        secp256k1_schnorrsig_verify(
          Secp256k1.context, signature.bytes(64), message.baseAddress, message.count, &copy) == 1
      }
    }
  }

  package func verifies(_ signature: SchnorrSignature, over hash: Hash32) -> Bool {
    verifies(signature, over: hash.bytes)
  }
}

extension PrivateKey {
  /// The signature of this key over `message`, verified before it is given.
  ///
  /// - Parameter auxiliary: 32 random bytes, against attacks on the device that signs; zeros are
  ///   allowed, and give the same signature each time
  package func schnorrSignature(over message: [UInt8], auxiliary: Hash32) -> SchnorrSignature {
    var compact: [2 of Hash32] = [.zero, .zero]
    let isSigned = withKeypair { keypair in
      auxiliary.withUnsafeBytes { auxiliary in
        // The constant of SECP256K1_SCHNORRSIG_EXTRAPARAMS_INIT, a macro that Swift doesn't see.
        var parameters = secp256k1_schnorrsig_extraparams(
          magic: (0xda, 0x6f, 0xb3, 0x8c), noncefp: nil,
          ndata: UnsafeMutableRawPointer(mutating: auxiliary.baseAddress))
        return withUnsafeMutableBytes(of: &compact) { compact in
          message.withUnsafeBufferPointer {
            secp256k1_schnorrsig_sign_custom(
              Secp256k1.context, compact.bytes(64), $0.baseAddress, $0.count, &keypair,
              &parameters) == 1
          }
        }
      }
    }
    let signature = SchnorrSignature(r: compact[0], s: compact[1])
    precondition(
      isSigned && publicKey.xOnly.verifies(signature, over: message),
      "a signature must verify before it leaves")
    return signature
  }

  package func schnorrSignature(over hash: Hash32, auxiliary: Hash32) -> SchnorrSignature {
    schnorrSignature(over: hash.bytes, auxiliary: auxiliary)
  }

  /// The private key of the taproot output whose internal key this one has (BIP-0341): see
  /// `XOnlyPublicKey.tapTweaked`, whose result its public key is. Nil where there is none.
  package func tapTweaked(merkleRoot: Hash32? = nil) -> PrivateKey? {
    let internalKey = publicKey.xOnly
    let tweak = internalKey.tapTweak(merkleRoot: merkleRoot)
    var isTweaked = false
    let sum = SecretBytes(byteCount: 32) { buffer in
      isTweaked = withKeypair { keypair in
        tweak.withUnsafeBytes {
          secp256k1_keypair_xonly_tweak_add(Secp256k1.context, &keypair, $0.bytes(32)) == 1
        } && secp256k1_keypair_sec(Secp256k1.context, buffer.bytes(32), &keypair) == 1
      }
    }
    guard isTweaked, let key = try? PrivateKey(sum),
      key.publicKey.xOnly == internalKey.tapTweaked(merkleRoot: merkleRoot)
    else { return nil }
    return key
  }

  /// The key as libsecp256k1 signs with it, erased when `body` is done.
  private func withKeypair<Result>(_ body: (inout secp256k1_keypair) -> Result) -> Result {
    var keypair = secp256k1_keypair()
    defer { withUnsafeMutableBytes(of: &keypair) { SecretBytes.erase($0) } }
    withSecretBytes { secret in
      // The number was checked when the key was made, so there is a pair.
      let isMade = secp256k1_keypair_create(Secp256k1.context, &keypair, secret.bytes(32))
      precondition(isMade == 1, "a private key has a public one")
    }
    return body(&keypair)
  }
}
