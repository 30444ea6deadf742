internal import LoopbackHTTP
package import Tenancy
internal import TokenIssuing
internal import Tokens

/// People's tokens as a test's server believes them.
package enum TestTokens {
  package static let issuer = "https://login.example"
  package static let audience = "paywatch"
  private static let secret = "known to these tests and to nobody else"

  /// What signs them, and what believes them.
  static func make() async throws -> (TokenIssuer, TokenVerifier) {
    let key = try await TokenKey(id: "test", algorithm: .hs256, material: secret)
    let rules = TokenVerifier.Rules(
      issuer: issuer, audience: audience, leewaySeconds: 0, maximumLifetimeSeconds: 86_400)
    guard let verifier = TokenVerifier(rules, keys: [key]) else { throw TokenRefusal.malformed }
    return (try await TokenIssuer(id: "test", algorithm: .hs256, material: secret), verifier)
  }
}

extension TestGateway {
  /// The header of somebody with these roles.
  package func token(
    _ subject: String, _ roles: UserRole..., for tenant: String = TestGateway.tenant,
    lifetimeSeconds: Int64 = 3_600
  ) throws -> [String: String] {
    let token = try tokens.token(
      issuer: TestTokens.issuer, audience: TestTokens.audience, tenant: tenant, subject: subject,
      roles: roles, now: time.now, lifetimeSeconds: lifetimeSeconds)
    return ["Authorization": "Bearer \(token)"]
  }
}
