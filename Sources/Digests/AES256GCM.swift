internal import COpenSSL

/// AES-256 in Galois/counter mode (NIST SP 800-38D): secret bytes that can't be read without the
/// key, nor changed without that being found.
package enum AES256GCM {
  package static let keyByteCount = 32
  package static let nonceByteCount = 12
  package static let tagByteCount = 16

  /// What is sealed; as long as the secret.
  package struct Sealed: Hashable, Sendable {
    package let ciphertext: [UInt8]
    package let tag: [UInt8]

    package init(ciphertext: [UInt8], tag: [UInt8]) {
      self.ciphertext = ciphertext
      self.tag = tag
    }
  }

  /// Seals `secret`, and binds it to `context`, which isn't secret. A nonce must never be used
  /// twice with one key. Nil where key or nonce has another length, or there is over a mebibyte.
  package static func seal(
    _ secret: SecretBytes, key: SecretBytes, nonce: [UInt8], context: [UInt8]
  ) -> Sealed? {
    guard secret.byteCount <= maximumByteCount, context.count <= maximumByteCount else {
      return nil
    }
    return withCipher(key: key, nonce: nonce) { cipher, key, nonce in
      guard EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1 else { return nil }
      var written: Int32 = 0
      guard
        context.isEmpty
          || EVP_EncryptUpdate(cipher, nil, &written, context, Int32(context.count)) == 1
      else { return nil }
      var ciphertext = [UInt8](repeating: 0, count: secret.byteCount)
      let isSealed = secret.withUnsafeBytes {
        EVP_EncryptUpdate(
          cipher, &ciphertext, &written, $0.baseAddress?.assumingMemoryBound(to: UInt8.self),
          Int32($0.count)) == 1
      }
      // The mode is a stream: nothing is left for the end.
      var rest = [UInt8](repeating: 0, count: 16)
      var tag = [UInt8](repeating: 0, count: tagByteCount)
      guard isSealed, EVP_EncryptFinal_ex(cipher, &rest, &written) == 1,
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), &tag) == 1
      else { return nil }
      return Sealed(ciphertext: ciphertext, tag: tag)
    }
  }

  /// The secret; nil where key, nonce or context isn't the one it was sealed with, or a bit of it
  /// has changed: which of these can't be told.
  package static func open(
    _ sealed: Sealed, key: SecretBytes, nonce: [UInt8], context: [UInt8]
  ) -> SecretBytes? {
    guard sealed.tag.count == tagByteCount, sealed.ciphertext.count <= maximumByteCount,
      context.count <= maximumByteCount
    else { return nil }
    return withCipher(key: key, nonce: nonce) { cipher, key, nonce in
      guard EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1 else { return nil }
      var written: Int32 = 0
      guard
        context.isEmpty
          || EVP_DecryptUpdate(cipher, nil, &written, context, Int32(context.count)) == 1
      else { return nil }
      var tag = sealed.tag
      var isAuthentic = false
      let secret = SecretBytes(byteCount: sealed.ciphertext.count) { output in
        var rest = [UInt8](repeating: 0, count: 16)
        let isOpened =
          EVP_DecryptUpdate(
            cipher, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &written,
            sealed.ciphertext, Int32(sealed.ciphertext.count)) == 1
        isAuthentic =
          isOpened
          && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount), &tag) == 1
          && EVP_DecryptFinal_ex(cipher, &rest, &written) == 1
      }
      return isAuthentic ? secret : nil
    }
  }

  /// Far more than a key file has.
  private static let maximumByteCount = 1 << 20

  private static func withCipher<Result>(
    key: SecretBytes, nonce: [UInt8],
    _ body: (OpaquePointer, UnsafePointer<UInt8>, [UInt8]) -> Result?
  ) -> Result? {
    guard key.byteCount == keyByteCount, nonce.count == nonceByteCount,
      let cipher = EVP_CIPHER_CTX_new()
    else { return nil }
    // Erases the key's schedule, too.
    defer { EVP_CIPHER_CTX_free(cipher) }
    return key.withUnsafeBytes { bytes in
      guard let first = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
      return body(cipher, first, nonce)
    }
  }
}
