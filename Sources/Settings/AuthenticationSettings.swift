/// Whose tokens are believed, and for how long.
package struct TokenSettings: Sendable, Equatable {
  /// What `iss` must be.
  package let issuer: String
  /// What `aud` must be, or hold.
  package let audience: String
  /// How far clocks may be apart.
  package let leewaySeconds: Int
  /// For how long a token may be valid.
  package let maximumLifetimeSeconds: Int
  package let keys: [Key]
  /// A JSON Web Key Set's text; nil where none is named.
  package let keySet: Secret?

  package struct Key: Sendable, Equatable {
    /// The `kid` by which tokens name it.
    package let id: String
    package let algorithm: Algorithm
    /// The file's text: a public key in PEM, or HS256's secret. Its content is checked where it is
    /// used.
    package let material: Secret
  }

  /// Named as `TokenAlgorithm` of `Tokens`.
  package enum Algorithm: String, Sendable, CaseIterable {
    case es256 = "ES256"
    case edDSA = "EdDSA"
    case rs256 = "RS256"
    case hs256 = "HS256"
  }
}
