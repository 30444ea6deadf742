package import Bytes
internal import COpenSSL

/// Comparisons that take as long wherever the first difference stands, for what is held against
/// something that only its owner should know: one who may try and measures the time learns nothing
/// of how far a guess was right.
package enum ConstantTime {
  /// By OpenSSL's `CRYPTO_memcmp`, which looks at all bytes and which no optimiser shortens.
  package static func areEqual(_ a: Hash32, _ b: Hash32) -> Bool {
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 }
    }
  }
}
