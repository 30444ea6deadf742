internal import CSecp256k1
package import Digests

/// A secret number between 1 and the group's order, exclusive.
///
/// Only `payctl`'s commands for keys, and tests, may hold one: no server does. Its bytes are
/// overwritten when the last reference goes, and no description ever shows them.
package struct PrivateKey: Sendable {
  private let secret: SecretBytes

  package enum ParsingError: Error, Equatable {
    case wrongLength(bytes: Int)
    /// Zero, or not below the group's order.
    case outOfRange
  }

  /// From 32 bytes, most significant first.
  package init(_ secret: SecretBytes) throws(ParsingError) {
    guard secret.byteCount == 32 else { throw .wrongLength(bytes: secret.byteCount) }
    let isValid = secret.withUnsafeBytes {
      secp256k1_ec_seckey_verify(Secp256k1.context, $0.bytes(32)) == 1
    }
    guard isValid else { throw .outOfRange }
    self.secret = secret
  }

  package var publicKey: PublicKey {
    var point = secp256k1_pubkey()
    secret.withUnsafeBytes {
      // The number was checked when the key was made, so there is a point.
      _ = secp256k1_ec_pubkey_create(Secp256k1.context, &point, $0.bytes(32))
    }
    return PublicKey(point: point)
  }

  /// The 32 secret bytes, for as long as `body` runs.
  package func withSecretBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try secret.withUnsafeBytes(body)
  }

  /// The sum of this number and the first 32 bytes of `tweak`, modulo the group's order; nil where
  /// those aren't below the order or the sum is zero.
  func adding(tweak: SecretBytes) -> PrivateKey? {
    var isValid = false
    let sum = SecretBytes(byteCount: 32) { buffer in
      secret.withUnsafeBytes { buffer.copyMemory(from: $0) }
      isValid = tweak.withUnsafeBytes {
        secp256k1_ec_seckey_tweak_add(Secp256k1.context, buffer.bytes(32), $0.bytes(32)) == 1
      }
    }
    return isValid ? try? PrivateKey(sum) : nil
  }
}

extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<private key>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
