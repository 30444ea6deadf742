internal import Bytes
internal import ChainTypes
package import Database
internal import JSON

/// What staff and operators did: for each tenant one chain of records, in each of which the hash of
/// the one before is hashed with it, and one chain of what operators do for no tenant.
///
/// A record is written in the transaction of the action that it tells of: both are there, or
/// neither. The chain's head is held from then on to the transaction's end.
package enum AuditLog {
  /// What details may have, as JSON.
  package static let maximumDetailBytes = 4_096
  private static let maximumSubjectBytes = 500
  private static let maximumActorBytes = 200

  /// The column's value for the chain: the empty text for operators' own.
  static func column(_ tenant: String?) -> SQLValue { .text(tenant ?? "") }

  static func tenant(of column: String) -> String? { column.isEmpty ? nil : column }

  // MARK: Writing

  static func append(
    _ action: String, of subject: String, _ details: JSONValue, by author: AuditAuthor,
    now: Timestamp, in connection: any SQLConnection
  ) throws {
    let record = AuditRecord(
      tenant: author.tenant, after: try heldHead(of: author.tenant, in: connection), at: now,
      actor: author.actor.cut(toBytes: maximumActorBytes), roles: author.roles, action: action,
      subject: subject.cut(toBytes: maximumSubjectBytes), details: text(of: details))
    try connection.submit(
      [
        column(record.tenant), .integer(record.position),
        .integer(record.occurredAt.microseconds), .text(record.actor),
        .text(record.roles.joined(separator: ",")), .text(record.action), .text(record.subject),
        .text(record.details), .blob(record.previousHash.bytes), .blob(record.hash.bytes),
      ], of: insertion)
    try connection.submit(
      "UPDATE audit_heads SET position = $2, hash = $3 WHERE tenant = $1",
      [column(record.tenant), .integer(record.position), .blob(record.hash.bytes)], changing: 1)
  }

  private static let insertion = RowStatement.insert(
    into: "audit_log",
    "tenant, position BIGINT, occurred_at BIGINT, actor, roles, action, subject, details, "
      + "previous_hash BYTEA, hash BYTEA")

  /// Where the chain ends, held until the transaction does.
  private static func heldHead(
    of tenant: String?, in connection: any SQLConnection
  ) throws -> (position: Int64, hash: Hash32) {
    let sql =
      "SELECT position, hash FROM audit_heads WHERE tenant = $1" + connection.dialect.forUpdate
    if let row = try connection.queryFirst(sql, [column(tenant)]) {
      return (try row.integer("position"), try row.hash("hash"))
    }
    // Of two that begin a chain at once, the second waits for the first here.
    try connection.execute(
      """
      INSERT INTO audit_heads (tenant, position, hash) VALUES ($1, 0, $2)
      ON CONFLICT (tenant) DO NOTHING
      """, [column(tenant), .blob(Hash32.zero.bytes)])
    guard let row = try connection.queryFirst(sql, [column(tenant)]) else {
      throw DatabaseError.unexpectedValue(
        column: "tenant", expected: "the chain's head", found: "none")
    }
    return (try row.integer("position"), try row.hash("hash"))
  }

  /// The same text for the same details; of what is too long only how long it was.
  private static func text(of details: JSONValue) -> String {
    let text = details.inOrder.json
    guard text.utf8.count > maximumDetailBytes else { return text }
    return #"{"omitted_bytes":\#(text.utf8.count)}"#
  }

  // MARK: Reading

  /// The records of a chain behind a position, up to `limit`; those of one actor, action or subject
  /// only, where these are given.
  package static func page(
    of tenant: String?, after position: Int64, limit: Int, actor: String? = nil,
    action: String? = nil, subject: String? = nil, in connection: any SQLConnection
  ) throws -> [AuditRecord] {
    try connection.query(
      """
      SELECT * FROM audit_log WHERE tenant = $1 AND position > $2
        AND (CAST($3 AS TEXT) IS NULL OR actor = $3)
        AND (CAST($4 AS TEXT) IS NULL OR action = $4)
        AND (CAST($5 AS TEXT) IS NULL OR subject = $5)
      ORDER BY position LIMIT $6
      """,
      [
        column(tenant), .integer(position), .optional(actor), .optional(action),
        .optional(subject), .integer(Int64(limit)),
      ]
    ).map(AuditRecord.init)
  }
}

extension JSONValue {
  /// With the members of objects in order of their names' bytes.
  fileprivate var inOrder: JSONValue {
    switch self {
    case .object(let members):
      .object(
        members.map { Member($0.name, $0.value.inOrder) }
          .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    case .array(let elements): .array(elements.map(\.inOrder))
    default: self
    }
  }
}

extension String {
  /// Its beginning of at most `limit` bytes, without half a character.
  fileprivate func cut(toBytes limit: Int) -> String {
    var rest = self[...]
    while rest.utf8.count > limit { rest = rest.prefix(min(rest.count - 1, limit)) }
    return String(rest)
  }
}
