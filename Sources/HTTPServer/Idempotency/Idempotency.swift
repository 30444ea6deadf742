internal import Bytes
package import ChainTypes
package import Database

/// Replies kept under (tenant, Idempotency-Key), written in the transaction that did what they
/// tell of: either both happened or neither.
///
/// A repetition with the same request gets the stored reply, with another request 409
/// (`idempotency-key-reused`). Of two concurrent ones the database lets one store its reply; the
/// other's transaction fails with `DatabaseError.uniqueViolation`, and asks for that reply then.
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

  /// The reply stored under the key, to be sent again; nil where there is none. A problem where it
  /// belongs to another request.
  package static func reply(
    to key: IdempotencyKey, tenant: String, in connection: any SQLConnection
  ) throws -> StoredReply? {
    let row = try connection.queryFirst(
      """
      SELECT request_hash, status, body FROM idempotency_keys
      WHERE tenant = $1 AND idempotency_key = $2
      """,
      [.text(tenant), .text(key.text)])
    guard let row else { return nil }
    guard try row.blob("request_hash") == key.requestHash.bytes else {
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

  /// Keeps the reply in the transaction that did what it tells of.
  package static func store(
    _ reply: StoredReply, for key: IdempotencyKey, tenant: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try connection.submit(
      [
        .text(tenant), .text(key.text), .blob(key.requestHash.bytes),
        .integer(Int64(reply.status)), .blob(reply.body), .integer(now.microseconds),
      ], of: insert)
  }

  private static let insert = RowStatement.insert(
    into: "idempotency_keys",
    "tenant, idempotency_key, request_hash BYTEA, status BIGINT, body BYTEA, created_at BIGINT")

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
