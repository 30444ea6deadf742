import ChainTypes
import JSON
import Tenancy
import TokenIssuing
import Tokens

/// A verifier that knows a key of each algorithm, and what signs with them.
struct TokenScene: Sendable {
  static let issuer = "https://login.example"
  static let audience = "paywatch"
  static let now = Timestamp(seconds: 1_800_000_000)
  static let second: Int64 = 1_800_000_000

  let verifier: TokenVerifier
  let issuers: [TokenAlgorithm: TokenIssuer]

  init(leewaySeconds: Int64 = 30, maximumLifetimeSeconds: Int64 = 3_600) async throws {
    var keys: [TokenKey] = []
    var issuers: [TokenAlgorithm: TokenIssuer] = [:]
    for (algorithm, own, shared) in [
      (TokenAlgorithm.es256, TestKeys.ecdsa, TestKeys.ecdsaPublic),
      (.edDSA, TestKeys.ed25519, TestKeys.ed25519Public),
      (.rs256, TestKeys.rsa, TestKeys.rsaPublic),
      (.hs256, TestKeys.secret, TestKeys.secret),
    ] {
      let id = "key-\(algorithm.rawValue)"
      keys.append(try await TokenKey(id: id, algorithm: algorithm, material: shared))
      issuers[algorithm] = try await TokenIssuer(id: id, algorithm: algorithm, material: own)
    }
    self.issuers = issuers
    let rules = TokenVerifier.Rules(
      issuer: Self.issuer, audience: Self.audience, leewaySeconds: leewaySeconds,
      maximumLifetimeSeconds: maximumLifetimeSeconds)
    guard let verifier = TokenVerifier(rules, keys: keys) else { throw TokenRefusal.malformed }
    self.verifier = verifier
  }

  func issuer(_ algorithm: TokenAlgorithm = .es256) throws -> TokenIssuer {
    guard let issuer = issuers[algorithm] else { throw TokenRefusal.notSigned }
    return issuer
  }

  /// Claims that are right, with these in place of others of their names; null leaves one out.
  static func claims(_ changes: [(String, JSONValue)] = []) -> JSONValue {
    var claims: [(String, JSONValue)] = [
      ("iss", .string(issuer)), ("aud", .string(audience)), ("sub", "anna"), ("tenant", "shop"),
      ("roles", ["barista"]), ("iat", .integer(second)), ("exp", .integer(second + 900)),
    ]
    for change in changes {
      claims.removeAll { $0.0 == change.0 }
      if change.1 != .null { claims.append(change) }
    }
    return .object(claims.map { .init($0.0, $0.1) })
  }

  func token(
    _ changes: [(String, JSONValue)] = [], by algorithm: TokenAlgorithm = .es256
  ) throws -> String {
    try issuer(algorithm).token(Self.claims(changes))
  }

  /// What becomes of the token: what it says, or why it isn't believed.
  func outcome(
    _ token: String, at time: Timestamp = now
  ) -> Result<TokenClaims, TokenRefusal> {
    Result { () throws(TokenRefusal) in try verifier.claims(of: token, now: time) }
  }

  func refusal(_ token: String, at time: Timestamp = now) -> TokenRefusal? {
    if case .failure(let refusal) = outcome(token, at: time) { refusal } else { nil }
  }
}
