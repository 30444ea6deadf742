internal import Database
internal import Settlement

/// An address as the database has it.
struct AddressRecord: Encodable {
  let family: String
  /// Counts within the family.
  let ordinal: UInt64
  let address: String
  let tenant: String
  let region: String
  let epoch: Int64
  let account: Int64
  let index: UInt32
  let paymentId: String?
  /// Never to be handed out: it was paid before, or a restore can't tell whether it was.
  let touched: Bool

  static let selection = """
    SELECT addresses.family AS family, ordinal, address, addresses.account_id, child_index, payment_id, touched, tenant,
      region, epoch
    FROM addresses JOIN accounts ON accounts.account_id = addresses.account_id
    """

  init(_ row: SQLRow) throws {
    family = try row.text("family")
    ordinal = try row.ordinal("ordinal")
    address = try row.text("address")
    tenant = try row.text("tenant")
    region = try row.text("region")
    epoch = try row.integer("epoch")
    account = try row.integer("account_id")
    index = try row.uint32("child_index")
    paymentId = try row.optionalText("payment_id")
    touched = try row.flag("touched")
  }
}
