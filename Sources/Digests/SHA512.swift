package import Bytes
internal import COpenSSL

/// SHA-512 (FIPS 180-4), by OpenSSL's low-level calls.
package struct SHA512 {
  fileprivate var context = SHA512_CTX()

  /// 64 bytes in two halves, because BIP-0032 and BIP-0039 use it so.
  package struct Digest: Hashable, Sendable {
    /// Bytes 0–31.
    package var left: Hash32
    /// Bytes 32–63.
    package var right: Hash32

    package init(left: Hash32, right: Hash32) {
      self.left = left
      self.right = right
    }

    package var bytes: [UInt8] { left.bytes + right.bytes }
    package var hex: String { left.hex + right.hex }
  }

  package init() {
    SHA512_Init(&context)
  }

  package mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { update($0) }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    SHA512_Update(&context, bytes.baseAddress, bytes.count)
  }

  /// The digest of all that was given. The hasher must not be used afterwards.
  package mutating func finalize() -> Digest {
    var digest = Digest(left: Hash32(), right: Hash32())
    withUnsafeMutableBytes(of: &digest) { finalize(into: $0) }
    return digest
  }

  /// Writes the digest to the first 64 bytes of `buffer`, which the caller has made that long.
  mutating func finalize(into buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count >= 64, "a SHA-512 digest is 64 bytes long")
    // A buffer with bytes in it has an address.
    SHA512_Final(buffer.baseAddress!.assumingMemoryBound(to: UInt8.self), &context)
  }

  /// Overwrites what the hasher holds, where that was secret.
  mutating func erase() {
    withUnsafeMutableBytes(of: &context) { OPENSSL_cleanse($0.baseAddress, $0.count) }
  }

  package static func hash(_ bytes: RawSpan) -> Digest {
    var hasher = SHA512()
    hasher.update(bytes)
    return hasher.finalize()
  }

  package static func hash(_ bytes: [UInt8]) -> Digest { hash(bytes.span.bytes) }
}
