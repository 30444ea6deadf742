package import Database

extension AddressPool {
  /// How many addresses of each tenant can still be handed out.
  package static func freeCounts(
    in connection: any SQLConnection
  ) throws -> [(tenant: String, count: Int64)] {
    try connection.query(
      """
      SELECT accounts.tenant, COUNT(addresses.ordinal) AS free FROM accounts
      LEFT JOIN addresses ON addresses.account_id = accounts.account_id
        AND addresses.payment_id IS NULL AND addresses.touched = 0
      GROUP BY accounts.tenant
      """, []
    ).map { (try $0.text("tenant"), try $0.integer("free")) }
  }
}
