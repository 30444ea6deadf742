package import Addresses
package import Bytes
internal import Digests

/// Derives many unhardened children of one extended public key (BIP-0032, CKDpub).
///
/// What every child shares is kept: the HMAC states after the chain code, and the parent's
/// compressed bytes. A child costs one HMAC of 37 bytes and one point addition with a
/// multiplication of the generator.
package struct PublicChildDeriver: Sendable {
  let parent: PublicKey
  private let hmac: HMACSHA512
  /// The parent's 33 bytes; the child's index follows in the last four.
  private let message: InlineArray<37, UInt8>

  package init(parent: PublicKey, chainCode: Hash32) {
    self.parent = parent
    hmac = HMACSHA512(key: chainCode)
    let compressed = parent.compressedBytes
    var message = InlineArray<37, UInt8>(repeating: 0)
    for index in 0..<33 { message[index] = compressed[index] }
    self.message = message
  }

  /// The child's key and chain code.
  package func child(
    at index: UInt32
  ) throws(DerivationError) -> (key: PublicKey, chainCode: Hash32) {
    guard index < ChildNumber.indexEnd else { throw .indexExhausted(index) }
    return try child(at: index, from: code(at: index))
  }

  /// What BIP-0032 calls I; the caller has checked the index.
  func code(at index: UInt32) -> SHA512.Digest {
    var message = message
    for position in 0..<4 {
      message[33 + position] = UInt8(truncatingIfNeeded: index >> UInt32(24 - 8 * position))
    }
    return hmac.code(for: message.span.bytes)
  }

  package func publicKey(at index: UInt32) throws(DerivationError) -> PublicKey {
    try child(at: index).key
  }

  /// The child's account on every EVM chain.
  package func ethereumAddress(at index: UInt32) throws(DerivationError) -> EthereumAddress {
    EthereumAddress(try publicKey(at: index))
  }

  /// The child that `code` gives: its left half is added to the parent, its right half is the
  /// chain code.
  func child(
    at index: UInt32, from code: SHA512.Digest
  ) throws(DerivationError) -> (key: PublicKey, chainCode: Hash32) {
    guard let key = parent.adding(tweak: code.left) else { throw .skipIndex(index) }
    return (key, code.right)
  }
}
