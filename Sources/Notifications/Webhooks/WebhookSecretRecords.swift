internal import ChainTypes
internal import Database

/// Webhooks' secrets in their table. They must be there as they are, since requests are signed with
/// them: a tenant's transactions may write them and never read one.
enum WebhookSecretRecords {
  /// How long a secret that was replaced signs beside the new one.
  static let overlapSeconds: Int64 = 86_400
  /// How many sign at once at most.
  static let limit = 4

  /// Adds the webhook's newest secret; the others sign for a day more.
  static func add(
    _ secret: WebhookSecret, to webhook: String, tenant: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    let until = now.adding(seconds: overlapSeconds).microseconds
    try connection.execute(
      "UPDATE webhook_secrets SET expires_at = $1 WHERE webhook_id = $2 AND expires_at IS NULL",
      [.integer(until), .text(webhook)])
    let row = try connection.queryFirst(
      "SELECT MAX(number) AS last FROM webhook_secrets WHERE webhook_id = $1", [.text(webhook)])
    let number = (try row?.optionalInteger("last") ?? 0) + 1
    try connection.execute(
      """
      INSERT INTO webhook_secrets (webhook_id, number, tenant, secret, created_at)
      VALUES ($1, $2, $3, $4, $5)
      """,
      [
        .text(webhook), .integer(number), .text(tenant), .blob(secret.bytes),
        .integer(now.microseconds),
      ])
    try connection.execute(
      "DELETE FROM webhook_secrets WHERE webhook_id = $1 AND (number <= $2 OR expires_at <= $3)",
      [.text(webhook), .integer(number - Int64(limit)), .integer(now.microseconds)])
  }

  /// Those that are valid, the newest first.
  static func valid(
    _ webhook: String, at now: Timestamp, in connection: any SQLConnection
  ) throws -> [WebhookSecret] {
    try connection.query(
      """
      SELECT secret FROM webhook_secrets
      WHERE webhook_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY number DESC
      """, [.text(webhook), .integer(now.microseconds)]
    ).map { WebhookSecret(bytes: try $0.blob("secret")) }
  }

  static func remove(_ webhook: String, in connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM webhook_secrets WHERE webhook_id = $1", [.text(webhook)])
  }

  /// Forgets what signs no more.
  static func forget(before now: Timestamp, in connection: any SQLConnection) throws {
    try connection.execute(
      "DELETE FROM webhook_secrets WHERE expires_at <= $1", [.integer(now.microseconds)])
  }
}
