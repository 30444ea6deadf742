internal import Aggregates
package import ChainTypes
package import Database
internal import Payments

/// Quotes in their table. They are removed some days after they were given: what was made of one
/// has a copy in its terms.
package enum QuoteRecords {
  static let keptSeconds: Int64 = 7 * 86_400

  package static func insert(_ quote: Quote, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO quotes (quote_id, tenant, quote, created_at, valid_until)
      VALUES ($1, $2, $3, $4, $5)
      """,
      [
        .text(quote.id), .text(quote.tenant), .text(try CanonicalJSON.text(quote)),
        .integer(quote.createdAt.microseconds), .integer(quote.quoted.validUntil.microseconds),
      ])
  }

  /// The tenant's quote, with the payment that was made of it.
  package static func load(
    _ id: String, tenant: String, in connection: any SQLConnection
  ) throws -> (quote: Quote, payment: String?) {
    let row = try connection.queryFirst(
      "SELECT quote, payment_id FROM quotes WHERE quote_id = $1 AND tenant = $2",
      [.text(id), .text(tenant)])
    guard let row else { throw QuoteRefusal.notFound(id) }
    return (
      try CanonicalJSON.value(Quote.self, from: row.text("quote")),
      try row.optionalText("payment_id")
    )
  }

  /// The tenant's quote, where a payment could be made of it now.
  package static func usable(
    _ id: String, tenant: String, now: Timestamp, in connection: any SQLConnection
  ) throws -> Quote {
    let (quote, payment) = try load(id, tenant: tenant, in: connection)
    if let payment { throw QuoteRefusal.used(id, by: payment) }
    guard now <= quote.quoted.validUntil else {
      throw QuoteRefusal.expired(id, at: quote.quoted.validUntil)
    }
    return quote
  }

  /// Uses a quote up, in the transaction that makes the payment. Of several at once one does.
  package static func use(
    _ id: String, tenant: String, for payment: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    let changed = try connection.execute(
      """
      UPDATE quotes SET payment_id = $1
      WHERE quote_id = $2 AND tenant = $3 AND payment_id IS NULL AND valid_until >= $4
      """, [.text(payment), .text(id), .text(tenant), .integer(now.microseconds)])
    if changed == 1 { return }
    _ = try usable(id, tenant: tenant, now: now, in: connection)
    throw QuoteRefusal.notFound(id)
  }

  /// Removes up to `limit` quotes from before `time`, and returns how many.
  static func forget(
    before time: Timestamp, limit: Int, in connection: any SQLConnection
  ) throws -> Int {
    try connection.execute(
      """
      DELETE FROM quotes WHERE quote_id IN (
        SELECT quote_id FROM quotes WHERE created_at < $1 ORDER BY created_at LIMIT $2)
      """, [.integer(time.microseconds), .integer(Int64(limit))])
  }
}
