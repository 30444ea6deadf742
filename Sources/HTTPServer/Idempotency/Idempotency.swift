package import Bytes
package import ChainTypes
package import Database

/// Replies kept under (tenant, Idempotency-Key), written in the transaction that did what they
/// tell of: either both happened or neither.
///
/// A repetition with the same request gets the stored reply, with another request 409
/// (`idempotency-key-reused`). Of two concurrent ones the database lets one claim the key; the
/// other waits for it, or runs after it, and gets its reply.
package enum Idempotency {
  package struct StoredReply: Sendable, Equatable {
    package let status: Int
    /// JSON as it was sent.
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
      self.status = status
      self.body = body
    }
  }

  /// Claims the key for this transaction. Nil: it is new, go on, and `store` the reply before the
  /// transaction ends. Otherwise: send that reply and change nothing.
  package static func claim(
    tenant: String, key: String, requestHash: Hash32, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> StoredReply? {
    let inserted = try connection.execute(
      """
      INSERT INTO idempotency_keys (tenant, idempotency_key, request_hash, created_at)
      VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, idempotency_key) DO NOTHING
      """,
      [
        .text(tenant), .text(key), .blob(requestHash.bytes), .integer(now.microseconds),
      ])
    if inserted == 1 { return nil }
    let row = try connection.queryFirst(
      """
      SELECT request_hash, status, body FROM idempotency_keys
      WHERE tenant = $1 AND idempotency_key = $2
      """,
      [.text(tenant), .text(key)])
    guard let row, try row.blob("request_hash") == requestHash.bytes else {
      throw Problem.conflict(
        "idempotency-key-reused", "The Idempotency-Key belongs to another request.",
        "A request with another method, path or body was made under it. Use a new key.")
    }
    guard let status = try row.optionalInteger("status"), let body = try row.optionalBlob("body")
    else {
      throw Problem.conflict(
        "idempotency-key-unanswered", "The Idempotency-Key has no reply.",
        "The request under it ended without a reply. Use a new key.")
    }
    return StoredReply(status: Int(status), body: body)
  }

  /// Claims the key of a request.
  package static func claim(
    _ key: IdempotencyKey, tenant: String, now: Timestamp, in connection: any SQLConnection
  ) throws -> StoredReply? {
    try claim(
      tenant: tenant, key: key.text, requestHash: key.requestHash, now: now, in: connection)
  }

  /// Keeps the reply of a key claimed in the same transaction.
  package static func store(
    _ reply: StoredReply, tenant: String, key: String, in connection: any SQLConnection
  ) throws {
    let updated = try connection.execute(
      """
      UPDATE idempotency_keys SET status = $3, body = $4
      WHERE tenant = $1 AND idempotency_key = $2 AND status IS NULL
      """,
      [.text(tenant), .text(key), .integer(Int64(reply.status)), .blob(reply.body)])
    precondition(updated == 1, "the key was claimed in this transaction")
  }

  /// Forgets up to `limit` keys created before `time`, and returns how many. A request repeated
  /// after that counts as new, so keep them for days.
  @discardableResult
  package static func forget(
    before time: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> Int {
    try connection.execute(
      """
      DELETE FROM idempotency_keys WHERE (tenant, idempotency_key) IN (
        SELECT tenant, idempotency_key FROM idempotency_keys
        WHERE created_at < $1 ORDER BY created_at LIMIT $2)
      """,
      [.integer(time.microseconds), .integer(Int64(limit))])
  }
}
