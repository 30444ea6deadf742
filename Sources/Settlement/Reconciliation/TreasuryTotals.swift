internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Payments

/// What the tables leave on all addresses of each tenant, whatever the block, and what the ledger
/// has of that.
struct TreasuryTotals {
  struct Key: Hashable {
    let tenant: String
    let contract: Hash20?
  }

  private(set) var records: [Key: LedgerSum] = [:]
  private(set) var ledger: [Key: LedgerSum] = [:]

  /// Both of one moment: the reading transaction's.
  init(of spec: ChainSpec, in connection: any SQLConnection) throws {
    var records: [Key: LedgerSum] = [:]
    let chain = spec.name
    try Self.eachTransfer(of: spec, in: connection) { tenant, contract, value in
      records[Key(tenant: tenant, contract: contract), default: LedgerSum()]
        .add(LedgerSum(debit: value))
    }
    try Self.eachIncome(of: spec, in: connection) { tenant, value in
      records[Key(tenant: tenant, contract: nil), default: LedgerSum()].add(LedgerSum(debit: value))
    }
    switch spec.family {
    case .bitcoin:
      try Self.eachSpent(of: spec, in: connection) { tenant, value in
        records[Key(tenant: tenant, contract: nil), default: LedgerSum()]
          .add(LedgerSum(credit: value))
      }
    case .ethereum:
      try ReplayCheck.eachRow(
        of: "outgoing", by: "outgoing_id", where: "block_hash IS NOT NULL", in: connection
      ) { row in
        let transaction = try OutgoingRecords.transaction(row, in: connection)
        guard transaction.chain == chain else { return }
        for entry in transaction.ledgerEntries {
          for posting in entry.postings where posting.account == .treasury {
            records[
              Key(tenant: transaction.tenant, contract: entry.contract), default: LedgerSum()
            ].add(posting)
          }
        }
      }
    }
    self.records = records
    for balance in try LedgerRecords.balances(in: connection)
    where balance.chain == chain && balance.account == .treasury {
      ledger[Key(tenant: balance.tenant, contract: balance.contract)] = LedgerSum(
        debit: balance.debit, credit: balance.credit)
    }
  }

  /// Where they differ, a row each, in the order of tenants and assets.
  func rows(_ reconciliation: Reconciliation, tenant: String?) -> [ReconciliationRow] {
    let keys = Set(records.keys).union(ledger.keys).filter { tenant == nil || $0.tenant == tenant }
    return keys.sorted { ($0.tenant, $0.contract?.hex ?? "") < ($1.tenant, $1.contract?.hex ?? "") }
      .compactMap { key in
        let (records, ledger) = (records[key] ?? LedgerSum(), ledger[key] ?? LedgerSum())
        return reconciliation.row(
          tenant: key.tenant, key.contract, records: records.balance, treasury: ledger.balance)
      }
  }

  private static let pageSize = 2_000

  private static func eachTransfer(
    of spec: ChainSpec, in connection: any SQLConnection,
    _ body: (String, Hash20?, UInt256) throws -> Void
  ) throws {
    var last: [SQLValue] = [.blob([]), .text("")]
    while true {
      let rows = try connection.query(
        """
        SELECT transfers.txid, transfers.position, transfers.value, transfers.contract,
          accounts.tenant
        FROM transfers JOIN addresses ON addresses.family = transfers.family
          AND addresses.ordinal = transfers.ordinal
        JOIN accounts ON accounts.account_id = addresses.account_id
        WHERE transfers.chain = $1 AND (transfers.txid, transfers.position) > ($2, $3)
          AND transfers.state IN ('included', 'confirmed', 'final')
        ORDER BY transfers.txid, transfers.position LIMIT \(pageSize)
        """, [.text(spec.name.text)] + last)
      for row in rows {
        try body(row.text("tenant"), row.contract("contract"), row.amount("value"))
      }
      guard rows.count == pageSize, let row = rows.last else { return }
      last = [.hash(try row.hash("txid")), .text(try row.text("position"))]
    }
  }

  private static func eachIncome(
    of spec: ChainSpec, in connection: any SQLConnection, _ body: (String, UInt256) throws -> Void
  ) throws {
    var last: [SQLValue] = [.integer(-1), .integer(0), .text("")]
    while true {
      let rows = try connection.query(
        """
        SELECT incomes.block_height, incomes.ordinal, incomes.source, incomes.value,
          accounts.tenant
        FROM incomes JOIN addresses ON addresses.family = incomes.family
          AND addresses.ordinal = incomes.ordinal
        JOIN accounts ON accounts.account_id = addresses.account_id
        WHERE incomes.chain = $1
          AND (incomes.block_height, incomes.ordinal, incomes.source) > ($2, $3, $4)
        ORDER BY incomes.block_height, incomes.ordinal, incomes.source LIMIT \(pageSize)
        """, [.text(spec.name.text)] + last)
      for row in rows { try body(row.text("tenant"), row.amount("value")) }
      guard rows.count == pageSize, let row = rows.last else { return }
      last = try [
        .integer(row.integer("block_height")), .integer(row.integer("ordinal")),
        .text(row.text("source")),
      ]
    }
  }

  /// The outputs that blocks of the active chain use up, by whose transactions ever.
  private static func eachSpent(
    of spec: ChainSpec, in connection: any SQLConnection, _ body: (String, UInt256) throws -> Void
  ) throws {
    var last = ""
    while true {
      let rows = try connection.query(
        """
        SELECT slot FROM outgoing_slots WHERE chain = $1 AND used_hash IS NOT NULL AND slot > $2
        ORDER BY slot LIMIT \(pageSize)
        """, [.text(spec.name.text), .text(last)])
      for row in rows {
        guard case .outpoint(let outpoint)? = OutgoingSlot(try row.text("slot")) else { continue }
        let spent = try connection.queryFirst(
          """
          SELECT transfers.value, accounts.tenant
          FROM transfers JOIN addresses ON addresses.family = transfers.family
            AND addresses.ordinal = transfers.ordinal
          JOIN accounts ON accounts.account_id = addresses.account_id
          WHERE transfers.chain = $1 AND transfers.txid = $2 AND transfers.position = $3
            AND transfers.state IN ('included', 'confirmed', 'final')
          """,
          [.text(spec.name.text), .hash(outpoint.txid), .text(String(outpoint.vout))])
        if let spent { try body(spent.text("tenant"), spent.amount("value")) }
      }
      guard rows.count == pageSize, let row = rows.last else { return }
      last = try row.text("slot")
    }
  }
}

extension LedgerSum {
  /// Debits less credits.
  var balance: SignedAmount { SignedAmount(debit, less: credit) }
}
