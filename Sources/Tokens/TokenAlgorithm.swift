/// The algorithms by which tokens are signed (RFC 7518, RFC 8037). A key has one for good, and a
/// token can't choose another (RFC 8725 section 3.1).
package enum TokenAlgorithm: String, Sendable, CaseIterable {
  /// ECDSA on P-256 with SHA-256.
  case es256 = "ES256"
  /// Ed25519.
  case edDSA = "EdDSA"
  /// RSASSA-PKCS1-v1_5 with SHA-256, of 2,048 bits and more.
  case rs256 = "RS256"
  /// HMAC with SHA-256, of 32 bytes and more: whoever checks these can also make them.
  case hs256 = "HS256"
}
