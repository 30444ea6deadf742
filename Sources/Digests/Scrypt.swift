internal import COpenSSL

/// scrypt (RFC 7914): makes a key of a passphrase so that each guess costs memory as well as time.
package struct Scrypt: Hashable, Sendable {
  /// N: a power of two. A guess takes N × r × 128 bytes and that many steps, times p.
  package let cost: UInt64
  /// r.
  package let blockSize: UInt64
  /// p.
  package let parallelism: UInt64

  /// What a guess may take: nothing is allocated for parameters beyond it.
  package static let maximumMemoryBytes: UInt64 = 1 << 30

  /// About half a second and 128 MiB.
  package static let strong = Scrypt(checked: 1 << 17, 8, 1)

  private init(checked cost: UInt64, _ blockSize: UInt64, _ parallelism: UInt64) {
    self.cost = cost
    self.blockSize = blockSize
    self.parallelism = parallelism
  }

  /// Nil where N is no power of two from 2¹ to 2²⁴, r isn't 1 to 32 or p isn't 1 to 16, and where
  /// they want more memory than `maximumMemoryBytes`.
  package init?(cost: UInt64, blockSize: UInt64, parallelism: UInt64) {
    guard (2...(1 << 24)).contains(cost), cost & (cost - 1) == 0,
      (1...32).contains(blockSize), (1...16).contains(parallelism),
      128 * cost * blockSize <= Self.maximumMemoryBytes
    else { return nil }
    self.init(checked: cost, blockSize, parallelism)
  }

  /// `byteCount` derived bytes; nil for none or over 1,024 of them, and where there is no memory.
  package func key(
    password: SecretBytes, salt: [UInt8], byteCount: Int
  ) -> SecretBytes? {
    guard (1...1_024).contains(byteCount) else { return nil }
    // OpenSSL counts the blocks of p, and some more, besides.
    let memory = Self.maximumMemoryBytes + (1 << 20)
    var succeeded = false
    let key = SecretBytes(byteCount: byteCount) { output in
      password.withUnsafeBytes { password in
        salt.withUnsafeBytes { salt in
          succeeded =
            EVP_PBE_scrypt(
              password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count,
              salt.baseAddress?.assumingMemoryBound(to: UInt8.self), salt.count,
              cost, blockSize, parallelism, memory,
              output.baseAddress?.assumingMemoryBound(to: UInt8.self), output.count) == 1
        }
      }
    }
    return succeeded ? key : nil
  }
}
