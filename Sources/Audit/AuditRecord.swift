internal import Aggregates
package import Bytes
package import ChainTypes
internal import Database
internal import Digests

/// One action, as it stands in its chain.
package struct AuditRecord: Sendable, Equatable {
  /// Nil for what operators do for no tenant.
  package let tenant: String?
  /// From 1, without gaps within the chain.
  package let position: Int64
  /// To the millisecond.
  package let occurredAt: Timestamp
  /// `user:` and a token's subject, `key:` and an API key's digits, `payctl:` and a name.
  package let actor: String
  /// As they were then, in their alphabet's order.
  package let roles: [String]
  /// Such as `order.ready`.
  package let action: String
  /// What it was done to: an id.
  package let subject: String
  /// A JSON object, its members in order of their names.
  package let details: String
  /// Of the record before; of the first 32 zeros.
  package let previousHash: Hash32
  /// SHA-256 of `text`.
  package let hash: Hash32

  /// What the hash covers: all of the record but the hash itself, as a JSON object with its members
  /// in order of their names, without spaces, in UTF-8. `json` without its `hash`.
  package var text: String { object.text }

  /// As it is shown: `text` with the member `hash`.
  package var json: String { object(with: hash).text }

  /// The hash that the record's content has.
  package var contentHash: Hash32 { SHA256.hash(Array(text.utf8)) }

  private var object: CanonicalObject { object(with: nil) }

  private func object(with hash: Hash32?) -> CanonicalObject {
    var object = CanonicalObject()
    object.add("action", action)
    object.add("actor", actor)
    object.add("details", json: details)
    if let hash { object.add("hash", hash.hex) }
    object.add("occurred_at", occurredAt)
    object.add("position", position)
    object.add("previous_hash", previousHash.hex)
    object.add("roles", json: Self.list(roles))
    object.add("subject", subject)
    if let tenant { object.add("tenant", tenant) } else { object.add("tenant", json: "null") }
    return object
  }

  /// Roles are words without anything to escape.
  private static func list(_ words: [String]) -> String {
    "[\(words.map { "\"\($0)\"" }.joined(separator: ","))]"
  }

  /// The next record of a chain.
  init(
    tenant: String?, after previous: (position: Int64, hash: Hash32), at time: Timestamp,
    actor: String, roles: [String], action: String, subject: String, details: String
  ) {
    func record(_ hash: Hash32) -> AuditRecord {
      AuditRecord(
        tenant: tenant, position: previous.position + 1,
        occurredAt: Timestamp(microseconds: time.microseconds / 1_000 * 1_000), actor: actor,
        roles: roles, action: action, subject: subject, details: details,
        previousHash: previous.hash, hash: hash)
    }
    self = record(record(.zero).contentHash)
  }

  private init(
    tenant: String?, position: Int64, occurredAt: Timestamp, actor: String, roles: [String],
    action: String, subject: String, details: String, previousHash: Hash32, hash: Hash32
  ) {
    self.tenant = tenant
    self.position = position
    self.occurredAt = occurredAt
    self.actor = actor
    self.roles = roles
    self.action = action
    self.subject = subject
    self.details = details
    self.previousHash = previousHash
    self.hash = hash
  }

  init(_ row: SQLRow) throws {
    let roles = try row.text("roles")
    self.init(
      tenant: AuditLog.tenant(of: try row.text("tenant")), position: try row.integer("position"),
      occurredAt: Timestamp(microseconds: try row.integer("occurred_at")),
      actor: try row.text("actor"),
      roles: roles.isEmpty ? [] : roles.split(separator: ",").map(String.init),
      action: try row.text("action"), subject: try row.text("subject"),
      details: try row.text("details"), previousHash: try row.hash("previous_hash"),
      hash: try row.hash("hash"))
  }
}

extension SQLRow {
  func hash(_ column: String) throws -> Hash32 {
    guard let hash = Hash32(try blob(column)) else {
      throw DatabaseError.unexpectedValue(
        column: column, expected: "32 bytes", found: "another length")
    }
    return hash
  }
}
