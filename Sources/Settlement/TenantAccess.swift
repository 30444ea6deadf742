internal import Database

/// What transactions on behalf of a tenant may do with the tables of payments in PostgreSQL, and
/// with which rows.
///
/// A payment and an account carry their tenant. What belongs to one of them is a tenant's by that:
/// a copy of the name beside it could say otherwise. Headers and transfers are nobody's, and
/// nothing but the pipeline has to do with them.
enum TenantAccess {
  static func statements(_ dialect: SQLDialect) -> [String] {
    guard dialect == .postgreSQL else { return [] }
    let ownRows = "tenant = \(RowSecurity.currentTenant)"
    func ofAccount(_ table: String) -> String {
      "EXISTS (SELECT 1 FROM accounts WHERE accounts.account_id = \(table).account_id)"
    }
    return RowSecurity.roles(dialect)
      // Terms are fixed, here for the database too.
      + RowSecurity.protect(
        "payments", rows: ownRows,
        granting: "SELECT, INSERT",
        "UPDATE (version, status, received, confirmed, deadline_passed, holds_order, updated_at)")
      + RowSecurity.protect(
        "payment_facts",
        rows: """
          EXISTS (SELECT 1 FROM payments WHERE payments.payment_id = payment_facts.payment_id)
          """,
        granting: "SELECT, INSERT")
      // Descriptors are for who derives addresses.
      + RowSecurity.protect(
        "accounts", rows: ownRows,
        granting: "SELECT (account_id, tenant, family, region, epoch)")
      + RowSecurity.protect(
        "addresses", rows: ofAccount("addresses"), granting: "SELECT, UPDATE (payment_id)")
      // Set aside by processes, which act for nobody then.
      + RowSecurity.protect(
        "address_reservations", rows: ofAccount("address_reservations"), granting: "SELECT")
      + [RowSecurity.share("chains"), RowSecurity.share("transfer_proofs")]
  }
}
