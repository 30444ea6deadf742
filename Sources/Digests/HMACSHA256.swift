package import Bytes

/// HMAC-SHA256 (RFC 2104, FIPS 198-1).
package enum HMACSHA256 {
  private static let blockByteCount = 64

  /// The authentication code of `message`.
  package static func code(for message: RawSpan, key: RawSpan) -> Hash32 {
    var block = InlineArray<64, UInt8>(repeating: 0)
    if key.byteCount > blockByteCount {
      SHA256.hash(key).withUnsafeBytes { for index in 0..<32 { block[index] = $0[index] } }
    } else {
      key.withUnsafeBytes { for index in 0..<$0.count { block[index] = $0[index] } }
    }
    var inner = SHA256()
    var outer = SHA256()
    for index in 0..<blockByteCount { block[index] ^= 0x36 }
    inner.update(block.span.bytes)
    for index in 0..<blockByteCount { block[index] ^= 0x36 ^ 0x5c }
    outer.update(block.span.bytes)
    inner.update(message)
    outer.update(inner.finalize())
    return outer.finalize()
  }
}
