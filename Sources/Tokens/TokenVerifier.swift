internal import Bytes
package import ChainTypes
internal import JSON

/// Believes JSON Web Tokens (RFC 7519) as RFC 8725 wants them judged: signed by a known key under
/// that key's own algorithm, from the one issuer, for this audience, for a bounded time.
///
/// Headers and claims are read strictly: no member occurs twice, and sizes are bounded before
/// anything is decoded. Keys that a token brings itself (`jwk`, `jku`, `x5c`) are never looked at.
package struct TokenVerifier: Sendable {
  private let rules: Rules
  private let keys: [String: TokenKey]

  package struct Rules: Sendable, Equatable {
    package let issuer: String
    package let audience: String
    /// How far clocks may be apart.
    package let leewaySeconds: Int64
    /// How long a token may be valid from when it was issued.
    package let maximumLifetimeSeconds: Int64

    package init(
      issuer: String, audience: String, leewaySeconds: Int64, maximumLifetimeSeconds: Int64
    ) {
      self.issuer = issuer
      self.audience = audience
      self.leewaySeconds = leewaySeconds
      self.maximumLifetimeSeconds = maximumLifetimeSeconds
    }
  }

  /// Of tokens' texts.
  package static let maximumBytes = 8_192

  /// Nil where two keys have one id.
  package init?(_ rules: Rules, keys: [TokenKey]) {
    self.rules = rules
    self.keys = Dictionary(keys.map { ($0.id, $0) }) { first, _ in first }
    guard self.keys.count == keys.count else { return nil }
  }

  /// Whether the text looks like a token rather than a key: three parts with dots between.
  package static func isToken(_ text: some StringProtocol) -> Bool {
    text.utf8.count { $0 == UInt8(ascii: ".") } == 2
  }

  package func claims(
    of token: some StringProtocol, now: Timestamp
  ) throws(TokenRefusal) -> TokenClaims {
    guard token.utf8.count <= Self.maximumBytes, Self.isToken(token) else { throw .malformed }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    let key = try key(named: try Self.object(parts[0]))
    guard let signature = Base64.decodeURL(parts[2]) else { throw .malformed }
    guard key.signed(Array("\(parts[0]).\(parts[1])".utf8), signature) else { throw .notSigned }
    return try claims(ClaimReader(try Self.object(parts[1])), now: now)
  }

  private static func object(_ part: some StringProtocol) throws(TokenRefusal) -> JSONValue {
    guard let bytes = Base64.decodeURL(part), let json = try? JSONValue(parsing: bytes),
      case .object = json
    else { throw .malformed }
    return json
  }

  /// The key that the header names. One error for an unknown key, for another algorithm than its
  /// own, `none` among them, and for a wrong signature: which of them it is helps nobody honest.
  private func key(named header: JSONValue) throws(TokenRefusal) -> TokenKey {
    if let type = header["typ"] {
      guard let type = type.string?.lowercased(),
        ["jwt", "at+jwt", "application/jwt", "application/at+jwt"].contains(type)
      else { throw .wrongType }
    }
    // An extension that must be understood (RFC 7515 section 4.1.11); none is here. Nested and
    // compressed tokens aren't taken either.
    for name in ["crit", "cty", "zip"] where header[name] != nil { throw .wrongType }
    guard let id = header["kid"]?.string, let key = keys[id],
      header["alg"]?.string == key.algorithm.rawValue
    else { throw .notSigned }
    return key
  }

  private func claims(_ reader: ClaimReader, now: Timestamp) throws(TokenRefusal) -> TokenClaims {
    guard try reader.text("iss") == rules.issuer else { throw .otherIssuer }
    guard try reader.isMeant(for: rules.audience) else { throw .otherAudience }
    let leeway = rules.leewaySeconds
    let (expiry, issued) = (try reader.time("exp"), try reader.optionalTime("iat"))
    let end = expiry.adding(seconds: leeway)
    guard now < end else { throw .expired }
    let latest = now.adding(seconds: leeway)
    if let start = try reader.optionalTime("nbf"), start > latest { throw .notYetValid }
    if let issued, issued > latest { throw .notYetValid }
    // Without iat it was issued just now at the best.
    let issuedAtMost = issued ?? latest
    guard expiry <= issuedAtMost.adding(seconds: rules.maximumLifetimeSeconds) else {
      throw .livesTooLong
    }
    return TokenClaims(
      tenant: try reader.tenant(), subject: try reader.subject(), roles: try reader.roles(),
      expiresAt: end)
  }
}
