internal import Bytes
package import ChainTypes
package import Database
internal import Digests
package import HTTPTypes
internal import Synchronization
package import Tenancy
internal import Tokens

/// Finds who asks from `Authorization: Bearer …`: a program by its API key, a person by a token.
///
/// What was found out is believed for `validitySeconds`, of a token until its end at most: a
/// revoked key works that long. What isn't valid is never remembered: it can't push out what is.
package final class Authenticator: Sendable {
  private let database: any Database
  private let tokens: TokenAuthentication?
  private let uptime: @Sendable () -> Timestamp
  private let validitySeconds: Int64
  private let entryLimit: Int
  /// By SHA-256 of what was presented.
  private let known = Mutex<[Hash32: Entry]>([:])

  private struct Entry {
    let principal: Principal
    let expiresAt: Timestamp
  }

  /// - Parameters:
  ///   - tokens: nil where no tokens are taken
  ///   - uptime: a clock that never goes back, for what is believed
  package init(
    _ database: any Database, tokens: TokenAuthentication? = nil, validitySeconds: Int64 = 5,
    entryLimit: Int = 10_000, uptime: @escaping @Sendable () -> Timestamp
  ) {
    self.database = database
    self.tokens = tokens
    self.validitySeconds = validitySeconds
    self.entryLimit = entryLimit
    self.uptime = uptime
  }

  /// Problem 401 where the request has no valid key or token.
  package func principal(of headers: HTTPFields) async throws -> Principal {
    guard let header = headers[.authorization] else {
      throw Problem.unauthorized("Send Authorization: Bearer <key or token>.")
    }
    guard let text = Self.credential(in: header) else {
      throw Problem.unauthorized("The Authorization header holds no API key, nor a token.")
    }
    if let digest = APIKey.digest(ofPresented: text) {
      return try await remembered(digest) { try await program(digest) }
    }
    guard let tokens, TokenVerifier.isToken(text) else {
      throw Problem.unauthorized("The Authorization header holds no API key, nor a token.")
    }
    guard text.utf8.count <= TokenVerifier.maximumBytes else {
      throw Problem(TokenRefusal.malformed)
    }
    let digest = SHA256.hash(Array(text.utf8))
    return try await remembered(digest) { try await person(text, tokens) }
  }

  /// - Parameter find: also says for how long what it found is to be believed at most
  private func remembered(
    _ digest: Hash32, _ find: () async throws -> (Principal, microseconds: Int64)?
  ) async throws -> Principal {
    let now = uptime()
    if let entry = known.withLock({ $0[digest] }), entry.expiresAt > now {
      return entry.principal
    }
    guard let (principal, microseconds) = try await find() else {
      known.withLock { _ = $0.removeValue(forKey: digest) }
      throw Problem.unauthorized("The API key isn't valid.")
    }
    let believed = min(microseconds, validitySeconds * 1_000_000)
    let entry = Entry(
      principal: principal, expiresAt: Timestamp(microseconds: now.microseconds + believed))
    known.withLock { known in
      if known.count >= entryLimit {
        known = known.filter { $0.value.expiresAt > now }
        if known.count >= entryLimit { known.removeAll() }
      }
      known[digest] = entry
    }
    return principal
  }

  private func program(_ digest: Hash32) async throws -> (Principal, microseconds: Int64)? {
    let tenant = try await database.read { try APIKeys.authenticate(digest: digest, in: $0) }
    return tenant.map { (Principal(tenant: $0, keyDigest: digest), microseconds: .max) }
  }

  private func person(
    _ token: Substring, _ tokens: TokenAuthentication
  ) async throws -> (Principal, microseconds: Int64)? {
    let now = tokens.now()
    let claims: TokenClaims
    do throws(TokenRefusal) {
      claims = try tokens.verifier.claims(of: token, now: now)
    } catch {
      throw Problem(error)
    }
    guard try await database.read({ try Tenants.find(claims.tenant, in: $0) }) != nil else {
      throw Problem.invalidToken("The token is for a tenant that is not known here.")
    }
    let principal = Principal(
      tenant: claims.tenant, subject: claims.subject, roles: claims.roles)
    return (principal, microseconds: claims.expiresAt.microseconds - now.microseconds)
  }

  /// What stands behind the scheme `Bearer` (RFC 6750), whose case doesn't matter; nil behind
  /// another.
  private static func credential(in header: String) -> Substring? {
    let scheme = "bearer "
    let count = scheme.utf8.count
    guard header.utf8.count > count,
      // Sets the bit that tells small letters from capitals, and that a space has.
      zip(header.utf8, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 && ($1 != 0x20 || $0 == 0x20) })
    else { return nil }
    return header[header.utf8.index(header.utf8.startIndex, offsetBy: count)...]
  }
}
