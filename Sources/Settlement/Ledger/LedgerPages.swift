internal import Aggregates
package import Bytes
package import ChainTypes
package import Database
package import Payments

/// An entry of the ledger as it stands in its table.
package struct RecordedEntry: Hashable, Sendable {
  package let subject: String
  package let chain: ChainName
  /// Nil for the chain's own coin.
  package let contract: Hash20?
  package let number: Int64
  /// Empty for nobody's.
  package let tenant: String
  /// `booked` or `reversed`.
  package let kind: String
  package let postings: [LedgerPosting]
  package let recordedAt: Timestamp
}

extension LedgerRecords {
  /// How many entries a page has at most.
  package static let pageSize = 1_000

  /// Every entry that was recorded from one moment on and before another, in that order, a page in
  /// memory at a time.
  package static func eachEntry(
    from start: Timestamp, before end: Timestamp, tenant: String? = nil,
    in connection: any SQLConnection, _ body: (RecordedEntry) throws -> Void
  ) throws {
    var last: [SQLValue]?
    while true {
      let rows = try connection.query(
        """
        SELECT * FROM ledger_entries
        WHERE (recorded_at, subject, number, chain, contract) > ($1, $2, $3, $4, $5)
          AND recorded_at < $6 AND ($7 = '' OR tenant = $7)
        ORDER BY recorded_at, subject, number, chain, contract LIMIT \(pageSize)
        """,
        // Numbers begin at 1: nothing of the first moment lies behind number 0.
        (last ?? [.time(start), .text(""), .integer(0), .text(""), .text("")])
          + [.time(end), .text(tenant ?? "")])
      for row in rows { try body(entry(row)) }
      guard rows.count == pageSize, let row = rows.last else { return }
      last = try [
        .time(row.time("recorded_at")), .text(row.text("subject")), .integer(row.integer("number")),
        .text(row.text("chain")), .text(row.text("contract")),
      ]
    }
  }

  private static func entry(_ row: SQLRow) throws -> RecordedEntry {
    try RecordedEntry(
      subject: row.text("subject"), chain: row.chain("chain"), contract: row.contract("contract"),
      number: row.integer("number"), tenant: row.text("tenant"), kind: row.text("kind"),
      postings: CanonicalJSON.value([LedgerPosting].self, from: row.text("postings")),
      recordedAt: row.time("recorded_at"))
  }

  /// Where debits and credits of all accounts together differ, by chain and asset; as debits less
  /// credits. A chain and asset that has entries stands there with 0 where they don't.
  package static func imbalances(
    in connection: any SQLConnection
  ) throws -> [LedgerImbalance] {
    var sums: [LedgerPlace: LedgerSum] = [:]
    for balance in try balances(in: connection) {
      let place = LedgerPlace(
        tenant: "", chain: balance.chain, contract: balance.contract, account: nil)
      sums[place, default: LedgerSum()].add(
        LedgerSum(debit: balance.debit, credit: balance.credit))
    }
    return sums.sorted { $0.key.description < $1.key.description }.map {
      LedgerImbalance(chain: $0.key.chain, contract: $0.key.contract, amount: $0.value.balance)
    }
  }
}

/// What is missing for an asset's debits and credits to be equal.
package struct LedgerImbalance: Sendable, Hashable {
  package let chain: ChainName
  package let contract: Hash20?
  package let amount: SignedAmount
}
