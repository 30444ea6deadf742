internal import Aggregates
internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

struct LedgerExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes each posting of some days as a line.",
    discussion: """
      In the order in which entries were recorded. A reversal is an entry of its own, which mirrors \
      the one before it: the sums of all lines are the balances.

      Example: payctl ledger export --config paywatch.yaml --from 2026-10-01 --to 2026-10-31 \
      --format csv > october.csv
      """)

  @OptionGroup var database: BooksDatabase

  @Option(help: "The first day in UTC, YYYY-MM-DD.")
  var from: String

  @Option(help: "The last day in UTC, YYYY-MM-DD.")
  var to: String

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @Option(help: "csv or json.")
  var format: BooksFormat = .csv

  func validate() throws {
    guard let from = CloseDate(from), let to = CloseDate(to), from.end <= to.end else {
      throw ValidationError("--from and --to are days, YYYY-MM-DD, in this order")
    }
    guard format != .table else { throw ValidationError("--format is csv or json") }
  }

  func run() async throws {
    guard let from = CloseDate(from), let to = CloseDate(to) else { return }
    let (tenant, format, specs) = (tenant, format, try database.chains)
    try await database.run { database in
      try await database.read { connection in
        var output = StandardOutput()
        var assets = AssetNames(connection: connection, listed: specs)
        if format == .csv { try output.writeLine(CSV.line(PostingLine.names) + "\r") }
        try LedgerRecords.eachEntry(
          from: from.start, before: to.end, tenant: tenant, in: connection
        ) { entry in
          let asset = try assets.asset(entry.contract, on: entry.chain)
          let origin = try EntryOrigin(entry.subject, in: connection)
          for posting in entry.postings {
            let line = PostingLine(entry, posting, asset, origin)
            try output.writeLine(
              format == .csv ? CSV.line(line.fields) + "\r" : CanonicalJSON.document(line))
          }
        }
        try output.flush()
      }
    }
  }
}

/// One side of an entry as accountants read it. Amounts in minor units, and in units where the
/// asset's decimals are known.
struct PostingLine: Encodable {
  let time: String
  let subject: String
  let number: Int64
  let kind: String
  let tenant: String
  let chain: String
  let asset: String?
  let contract: String?
  let account: String
  let debitMinor: String?
  let creditMinor: String?
  let debit: String?
  let credit: String?
  let txid: String?
  let paymentId: String?
  let orderId: String?
  /// Several where one transaction pays them, parted by spaces.
  let refundIds: String?

  static let names = [
    "time", "subject", "number", "kind", "tenant", "chain", "asset", "contract", "account",
    "debit_minor", "credit_minor", "debit", "credit", "txid", "payment_id", "order_id",
    "refund_ids",
  ]

  init(
    _ entry: RecordedEntry, _ posting: LedgerPosting, _ asset: Asset?, _ origin: EntryOrigin
  ) {
    time = entry.recordedAt.description
    subject = entry.subject
    number = entry.number
    kind = entry.kind
    tenant = entry.tenant
    chain = entry.chain.text
    self.asset = asset?.symbol
    contract = entry.contract.map { "0x\($0.hex)" }
    account = posting.account.rawValue
    let units = asset.map { Amount(minorUnits: posting.amount, asset: $0).units }
    let isDebit = posting.side == .debit
    debitMinor = isDebit ? posting.amount.decimal : nil
    creditMinor = isDebit ? nil : posting.amount.decimal
    debit = isDebit ? units : nil
    credit = isDebit ? nil : units
    txid = origin.txid
    paymentId = origin.payment
    orderId = origin.order
    refundIds = origin.refunds.isEmpty ? nil : origin.refunds.joined(separator: " ")
  }

  var fields: [String] {
    [
      time, subject, "\(number)", kind, tenant, chain, asset ?? "", contract ?? "", account,
      debitMinor ?? "", creditMinor ?? "", debit ?? "", credit ?? "", txid ?? "",
      paymentId ?? "", orderId ?? "", refundIds ?? "",
    ]
  }
}
