package import Bytes
internal import COpenSSL

/// RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996), by OpenSSL's low-level calls.
package enum RIPEMD160 {
  package static func hash(_ bytes: RawSpan) -> Hash20 {
    bytes.withUnsafeBytes { digest(of: $0) }
  }

  package static func hash(_ bytes: [UInt8]) -> Hash20 { hash(bytes.span.bytes) }

  fileprivate static func digest(of bytes: UnsafeRawBufferPointer) -> Hash20 {
    var context = RIPEMD160_CTX()
    RIPEMD160_Init(&context)
    RIPEMD160_Update(&context, bytes.baseAddress, bytes.count)
    var digest = Hash20()
    // A Hash20 is 20 bytes in a stride of 24, so it has an address, and the 20 bytes written stay
    // inside.
    withUnsafeMutableBytes(of: &digest) {
      _ = RIPEMD160_Final($0.baseAddress!.assumingMemoryBound(to: UInt8.self), &context)
    }
    return digest
  }
}

/// RIPEMD-160 of the SHA-256: Bitcoin's hash of public keys and redeem scripts.
package enum HASH160 {
  package static func hash(_ bytes: RawSpan) -> Hash20 {
    SHA256.hash(bytes).withUnsafeBytes { RIPEMD160.digest(of: $0) }
  }

  package static func hash(_ bytes: [UInt8]) -> Hash20 { hash(bytes.span.bytes) }
}
