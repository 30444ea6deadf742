internal import COpenSSL

/// PBKDF2 with HMAC-SHA512 (RFC 8018), by which BIP-0039 makes a seed of a mnemonic.
package enum PBKDF2 {
  /// `byteCount` derived bytes, or nil for numbers that OpenSSL refuses: no iteration, no bytes,
  /// or more than 2³¹ − 1 of anything.
  package static func sha512(
    password: SecretBytes, salt: SecretBytes, iterations: Int, byteCount: Int
  ) -> SecretBytes? {
    guard let passwordCount = Int32(exactly: password.byteCount),
      let saltCount = Int32(exactly: salt.byteCount),
      let rounds = Int32(exactly: iterations), rounds > 0,
      let wanted = Int32(exactly: byteCount), wanted > 0
    else { return nil }
    var succeeded = false
    let derived = SecretBytes(byteCount: byteCount) { output in
      password.withUnsafeBytes { password in
        salt.withUnsafeBytes { salt in
          succeeded =
            PKCS5_PBKDF2_HMAC(
              password.baseAddress?.assumingMemoryBound(to: CChar.self), passwordCount,
              salt.baseAddress?.assumingMemoryBound(to: UInt8.self), saltCount, rounds,
              EVP_sha512(), wanted, output.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
        }
      }
    }
    return succeeded ? derived : nil
  }
}
