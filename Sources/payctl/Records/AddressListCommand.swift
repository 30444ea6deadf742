internal import ArgumentParser
internal import Database
internal import Settlement

struct AddressListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists addresses in the order in which they were derived.")

  @OptionGroup var database: DatabaseOptions

  @Option(help: "bitcoin, or ethereum for those of all EVM chains.")
  var family: AccountFamily = .bitcoin

  @Option(help: "Only those of this tenant.")
  var tenant: String?

  @Flag(help: "Only those that no payment has.")
  var free = false

  @Option(help: "Only those after this ordinal.")
  var after: UInt64 = 0

  @Option(help: "How many, at most 10000.")
  var limit: Int = 100

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
  }

  func run() async throws {
    let (family, tenant, free, after, limit) = (family.rawValue, tenant, free, after, limit)
    let records = try await database.run { database in
      try await database.read { connection in
        try connection.query(
          """
          \(AddressRecord.selection)
          WHERE ordinal > $1 AND (CAST($2 AS TEXT) IS NULL OR tenant = $2)
            AND ($3 = 0 OR (payment_id IS NULL AND touched = 0))
            AND addresses.family = $4
          ORDER BY ordinal LIMIT $5
          """,
          [
            .ordinal(after), .optional(tenant), .flag(free), .text(family),
            .integer(Int64(limit)),
          ]
        ).map(AddressRecord.init)
      }
    }
    guard database.format == .table else { return try Answers.writeLines(records) }
    var table = Table("ordinal", "address", "tenant", "region", "epoch", "index", "payment")
    for record in records {
      table.append(
        "\(record.ordinal)", record.address, record.tenant, record.region, "\(record.epoch)",
        "\(record.index)", record.paymentId ?? (record.touched ? "touched" : "free"))
    }
    try table.write()
  }
}
