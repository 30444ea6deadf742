internal import Bytes
package import ChainTypes
package import Database
package import HTTPTypes
internal import Synchronization
internal import Tenancy

/// Finds the tenant of a request from `Authorization: Bearer <key>`.
///
/// What the database said of a valid key is believed for `validitySeconds`, so a revoked key works
/// that long at most. Invalid keys are never remembered: they can't push out valid ones.
package final class Authenticator: Sendable {
  private let database: any Database
  private let uptime: @Sendable () -> Timestamp
  private let validitySeconds: Int64
  private let entryLimit: Int
  private let known = Mutex<[Hash32: Entry]>([:])

  private struct Entry {
    let tenant: String
    let expiresAt: Timestamp
  }

  /// - Parameter uptime: a clock that never goes back, for what is believed
  package init(
    _ database: any Database, validitySeconds: Int64 = 5, entryLimit: Int = 10_000,
    uptime: @escaping @Sendable () -> Timestamp
  ) {
    self.database = database
    self.validitySeconds = validitySeconds
    self.entryLimit = entryLimit
    self.uptime = uptime
  }

  /// Problem 401 where the request has no valid key.
  package func tenant(of headers: HTTPFields) async throws -> String {
    guard let header = headers[.authorization] else {
      throw Problem.unauthorized("Send Authorization: Bearer <key>.")
    }
    guard let key = Self.key(in: header), let digest = APIKey.digest(ofPresented: key) else {
      throw Problem.unauthorized("The Authorization header holds no API key.")
    }
    let now = uptime()
    if let entry = known.withLock({ $0[digest] }), entry.expiresAt > now { return entry.tenant }
    let tenant = try await database.read { try APIKeys.authenticate(digest: digest, in: $0) }
    guard let tenant else {
      known.withLock { _ = $0.removeValue(forKey: digest) }
      throw Problem.unauthorized("The API key isn't valid.")
    }
    let entry = Entry(tenant: tenant, expiresAt: now.adding(seconds: validitySeconds))
    known.withLock { known in
      if known.count >= entryLimit {
        known = known.filter { $0.value.expiresAt > now }
        if known.count >= entryLimit { known.removeAll() }
      }
      known[digest] = entry
    }
    return tenant
  }

  /// What stands behind the scheme `Bearer` (RFC 6750), whose case doesn't matter; nil behind
  /// another.
  private static func key(in header: String) -> Substring? {
    let scheme = "bearer "
    let count = scheme.utf8.count
    guard header.utf8.count > count,
      // Sets the bit that tells small letters from capitals, and that a space has.
      zip(header.utf8, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 && ($1 != 0x20 || $0 == 0x20) })
    else { return nil }
    return header[header.utf8.index(header.utf8.startIndex, offsetBy: count)...]
  }
}
