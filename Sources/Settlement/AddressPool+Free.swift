package import Database

extension AddressPool {
  /// How many addresses of each tenant can still be handed out; of one with accounts of several
  /// families, those of the family that has fewest.
  package static func freeCounts(
    in connection: any SQLConnection
  ) throws -> [(tenant: String, count: Int64)] {
    try connection.query(
      """
      SELECT tenant, MIN(free) AS free FROM (
        SELECT accounts.tenant AS tenant, COUNT(addresses.ordinal) AS free FROM accounts
        LEFT JOIN addresses ON addresses.account_id = accounts.account_id
          AND addresses.payment_id IS NULL AND addresses.touched = 0
        WHERE accounts.purpose = 'payments'
        GROUP BY accounts.tenant, accounts.family) AS families
      GROUP BY tenant
      """, []
    ).map { (try $0.text("tenant"), try $0.integer("free")) }
  }
}
