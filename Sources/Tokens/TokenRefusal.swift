/// Why a token isn't believed. What it says of itself is told only once its signature was right.
package enum TokenRefusal: Error, Sendable, Equatable {
  /// It has no token's form, or is too long.
  case malformed
  /// Its header names another type of token, or wants what isn't known here.
  case wrongType
  /// No key that is known here, by its own algorithm, has signed it.
  case notSigned
  /// A claim is missing, or can't be used.
  case claim(String)
  case expired
  case notYetValid
  /// It is valid for longer than tokens may be here.
  case livesTooLong
  case otherIssuer
  case otherAudience

  /// For the client: ASCII without quotes.
  package var sentence: String {
    switch self {
    case .malformed: "The token isn't a JSON Web Token of at most 8192 bytes."
    case .wrongType: "The token is of another type."
    case .notSigned: "The token isn't signed by a key that is known here."
    case .claim(let name): "The token's claim \(name) is missing, or can't be used."
    case .expired: "The token has expired."
    case .notYetValid: "The token isn't valid yet."
    case .livesTooLong: "The token is valid for longer than is accepted here."
    case .otherIssuer: "The token is another issuer's."
    case .otherAudience: "The token is meant for another audience."
    }
  }
}
