package import Bytes
internal import COpenSSL

/// SHA-256 (FIPS 180-4), by OpenSSL's low-level calls, which use the processor's SHA extensions
/// and cost no allocation.
package struct SHA256 {
  private var context = SHA256_CTX()

  package init() {
    SHA256_Init(&context)
  }

  package mutating func update(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
  }

  package mutating func update(_ hash: Hash32) {
    hash.withUnsafeBytes { _ = SHA256_Update(&context, $0.baseAddress, $0.count) }
  }

  /// The digest of all that was given. The hasher must not be used afterwards.
  package mutating func finalize() -> Hash32 {
    var digest = Hash32()
    // A Hash32 is 32 bytes, so it has an address, and the 32 bytes written stay inside.
    withUnsafeMutableBytes(of: &digest) {
      _ = SHA256_Final($0.baseAddress!.assumingMemoryBound(to: UInt8.self), &context)
    }
    return digest
  }

  package static func hash(_ bytes: RawSpan) -> Hash32 {
    var hasher = SHA256()
    hasher.update(bytes)
    return hasher.finalize()
  }

  package static func hash(_ bytes: [UInt8]) -> Hash32 { hash(bytes.span.bytes) }
}

/// SHA-256 of the SHA-256: Bitcoin's hash for blocks, transactions, merkle nodes and Base58Check.
package struct SHA256d {
  private var inner = SHA256()

  package init() {}

  package mutating func update(_ bytes: RawSpan) { inner.update(bytes) }

  /// The digest of all that was given. The hasher must not be used afterwards.
  package mutating func finalize() -> Hash32 {
    var outer = SHA256()
    outer.update(inner.finalize())
    return outer.finalize()
  }

  package static func hash(_ bytes: RawSpan) -> Hash32 {
    var hasher = SHA256d()
    hasher.update(bytes)
    return hasher.finalize()
  }

  package static func hash(_ bytes: [UInt8]) -> Hash32 { hash(bytes.span.bytes) }

  /// The parent of two merkle nodes: the hash of their 64 bytes.
  package static func hash(_ left: Hash32, _ right: Hash32) -> Hash32 {
    var inner = SHA256()
    inner.update(left)
    inner.update(right)
    var outer = SHA256()
    outer.update(inner.finalize())
    return outer.finalize()
  }
}
