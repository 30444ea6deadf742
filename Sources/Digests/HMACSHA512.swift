package import Bytes

/// HMAC-SHA512 (RFC 2104, FIPS 198-1) with a key that is hashed once.
///
/// The states after the key's inner and outer block are kept, so each code costs two compressions
/// of a short message instead of four: BIP-0032 derives many children with one chain code as key.
package struct HMACSHA512 {
  private let inner: SHA512
  private let outer: SHA512

  private static let blockByteCount = 128

  package init(key: RawSpan) {
    var block = InlineArray<128, UInt8>(repeating: 0)
    if key.byteCount > Self.blockByteCount {
      let digest = SHA512.hash(key)
      digest.left.withUnsafeBytes { for index in 0..<32 { block[index] = $0[index] } }
      digest.right.withUnsafeBytes { for index in 0..<32 { block[32 + index] = $0[index] } }
    } else {
      key.withUnsafeBytes { for index in 0..<$0.count { block[index] = $0[index] } }
    }
    var inner = SHA512()
    var outer = SHA512()
    for index in 0..<Self.blockByteCount { block[index] ^= 0x36 }
    inner.update(block.span.bytes)
    for index in 0..<Self.blockByteCount { block[index] ^= 0x36 ^ 0x5c }
    outer.update(block.span.bytes)
    self.inner = inner
    self.outer = outer
  }

  package init(key: Hash32) {
    self = key.withUnsafeBytes { HMACSHA512(key: $0.bytes) }
  }

  /// The authentication code of `message`.
  package func code(for message: RawSpan) -> SHA512.Digest {
    var first = inner
    first.update(message)
    let digest = first.finalize()
    var second = outer
    digest.left.withUnsafeBytes { second.update($0) }
    digest.right.withUnsafeBytes { second.update($0) }
    return second.finalize()
  }

  /// The same 64 bytes where they or the message are secret: nothing of them stays behind.
  package func secretCode(for message: RawSpan) -> SecretBytes {
    SecretBytes(byteCount: 64) { buffer in
      var first = inner
      first.update(message)
      first.finalize(into: buffer)
      first.erase()
      var second = outer
      second.update(UnsafeRawBufferPointer(buffer))
      second.finalize(into: buffer)
      second.erase()
    }
  }
}
