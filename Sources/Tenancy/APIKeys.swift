package import Bytes
package import ChainTypes
package import Database
internal import Digests

/// A key with which a tenant's programs authenticate: 256 random bits, shown once.
package struct APIKey: Sendable, CustomStringConvertible {
  /// `pwk_` and 64 hexadecimal digits. A secret.
  package let text: String

  package static let prefix = "pwk_"

  /// From 32 random bytes.
  package init(random: Hash32) { text = Self.prefix + random.hex }

  /// A new key from the system's random number generator.
  package static func generate() -> APIKey {
    var generator = SystemRandomNumberGenerator()
    return generate(using: &generator)
  }

  package static func generate(using generator: inout some RandomNumberGenerator) -> APIKey {
    var random = Hash32()
    random.words = (generator.next(), generator.next(), generator.next(), generator.next())
    return APIKey(random: random)
  }

  /// What the database keeps of the key: SHA-256 of its text. Enough for a key of full entropy;
  /// nothing is gained by a slow hash.
  package var digest: Hash32 { SHA256.hash(Array(text.utf8)) }

  /// The digest of a presented text; nil where it can't be a key, so that nothing is looked up.
  package static func digest(ofPresented text: some StringProtocol) -> Hash32? {
    guard text.hasPrefix(prefix), text.utf8.count == prefix.utf8.count + 64 else { return nil }
    return SHA256.hash(Array(text.utf8))
  }

  /// Shows the beginning only.
  package var description: String { "\(text.prefix(8))…" }
}

/// The table of API keys. They are looked up by their digest: a comparison that tells its time
/// tells something about a hash, nothing about a key.
package enum APIKeys {
  package struct Entry: Sendable, Equatable {
    package let digest: Hash32
    package let tenant: String
    package let label: String
    package let createdAt: Timestamp
    package let revokedAt: Timestamp?

    package init(
      digest: Hash32, tenant: String, label: String, createdAt: Timestamp, revokedAt: Timestamp?
    ) {
      self.digest = digest
      self.tenant = tenant
      self.label = label
      self.createdAt = createdAt
      self.revokedAt = revokedAt
    }
  }

  /// Stores the key's digest for the tenant, which must exist.
  package static func issue(
    _ key: APIKey, tenant: String, label: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "INSERT INTO api_keys (digest, tenant, label, created_at) VALUES ($1, $2, $3, $4)",
      [
        .blob(key.digest.bytes), .text(tenant), .text(label), .integer(now.microseconds),
      ])
  }

  /// Ends the key's validity; false where there is no such key or it was revoked before.
  @discardableResult
  package static func revoke(
    digest: Hash32, now: Timestamp, in connection: any SQLConnection
  ) throws -> Bool {
    try connection.execute(
      "UPDATE api_keys SET revoked_at = $2 WHERE digest = $1 AND revoked_at IS NULL",
      [.blob(digest.bytes), .integer(now.microseconds)]) == 1
  }

  /// The tenant whose valid key has that digest.
  package static func authenticate(
    digest: Hash32, in connection: any SQLConnection
  ) throws -> String? {
    try connection.queryFirst(
      "SELECT tenant FROM api_keys WHERE digest = $1 AND revoked_at IS NULL",
      [.blob(digest.bytes)]
    )?.text("tenant")
  }

  /// Up to `limit` of a tenant's keys, or of all tenants', newest first.
  package static func list(
    tenant: String?, limit: Int, in connection: any SQLConnection
  ) throws -> [Entry] {
    try connection.query(
      """
      SELECT * FROM api_keys WHERE CAST($1 AS TEXT) IS NULL OR tenant = $1
      ORDER BY created_at DESC, digest LIMIT $2
      """,
      [tenant.map { .text($0) } ?? .null, .integer(Int64(limit))]
    ).map(entry)
  }

  /// The keys with this label, a tenant's or all tenants', revoked ones too.
  package static func labelled(
    _ label: String, tenant: String?, in connection: any SQLConnection
  ) throws -> [Entry] {
    try connection.query(
      """
      SELECT * FROM api_keys WHERE label = $1 AND (CAST($2 AS TEXT) IS NULL OR tenant = $2)
      ORDER BY created_at DESC, digest
      """,
      [.text(label), tenant.map { .text($0) } ?? .null]
    ).map(entry)
  }

  /// The keys whose digest begins with these hexadecimal digits, revoked ones too; none for fewer
  /// than six digits, or for another text.
  package static func beginning(
    _ digits: String, in connection: any SQLConnection
  ) throws -> [Entry] {
    let count = digits.utf8.count
    guard (6...64).contains(count),
      let lowest = try? Hash32(hex: digits + String(repeating: "0", count: 64 - count)),
      let highest = try? Hash32(hex: digits + String(repeating: "f", count: 64 - count))
    else { return [] }
    return try connection.query(
      "SELECT * FROM api_keys WHERE digest BETWEEN $1 AND $2 ORDER BY digest",
      [.blob(lowest.bytes), .blob(highest.bytes)]
    ).map(entry)
  }

  package static func validCount(
    tenant: String, in connection: any SQLConnection
  ) throws -> Int {
    let row = try connection.queryFirst(
      "SELECT COUNT(*) AS keys FROM api_keys WHERE tenant = $1 AND revoked_at IS NULL",
      [.text(tenant)])
    return Int(clamping: try row?.integer("keys") ?? 0)
  }

  private static func entry(_ row: SQLRow) throws -> Entry {
    guard let digest = Hash32(try row.blob("digest")) else {
      throw DatabaseError.unexpectedValue(
        column: "digest", expected: "32 bytes", found: "another length")
    }
    return Entry(
      digest: digest, tenant: try row.text("tenant"), label: try row.text("label"),
      createdAt: Timestamp(microseconds: try row.integer("created_at")),
      revokedAt: try row.optionalInteger("revoked_at").map(Timestamp.init(microseconds:)))
  }
}
