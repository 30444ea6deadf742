internal import Aggregates
package import Database

/// The tables of payments, their addresses and the chains they are paid on.
package enum SettlementSchema {
  /// The component under which `Migrator` keeps these steps.
  package static let component = "settlement"

  package static let migrations = [
    Migration(number: 1, name: "accounts, addresses and payments", statements: payments),
    Migration(number: 2, name: "chains, headers, coverage and transfers", statements: chains),
    Migration(number: 3, name: "dropped transfers by age", online: indexing(dropped)) { _ in
      // What a watcher that starts takes up again of them: the youngest.
      ["CREATE INDEX \(dropped.name) ON \(dropped.columns)"]
    },
    Migration(number: 4, name: "proofs that transfers are in blocks", statements: proofs),
    Migration(number: 5, name: "the tip at which a chain was told to stand still") { dialect in
      // So that whoever watches, and however often it starts, tells it once.
      ["ALTER TABLE chains ADD COLUMN stall_told \(dialect.blob)"]
    },
    Migration(number: 6, name: "the lease under which a chain's cursor was moved") { dialect in
      // An older one is refused, even where the leases themselves were lost.
      ["ALTER TABLE chains ADD COLUMN writer_epoch \(dialect.integer) NOT NULL DEFAULT 0"]
    },
    Migration(number: 7, name: "addresses set aside by processes") { dialect in
      [
        // Free addresses of the account, from the first through the last ordinal, that others leave
        // alone until the reservation ends by the database's clock.
        dialect.createTable(
          "address_reservations",
          """
            account_id \(dialect.integer) NOT NULL REFERENCES accounts (account_id),
            first_ordinal \(dialect.integer) NOT NULL,
            last_ordinal \(dialect.integer) NOT NULL,
            expires_at \(dialect.integer) NOT NULL,
            PRIMARY KEY (account_id, first_ordinal)
          """)
      ]
    },
    Migration(
      number: 8, name: "the order in which payments are read",
      online: ReadingOrder.Change.payments.online(),
      statements: ReadingOrder.Change.payments.statements),
    Migration(number: 9, name: "tenants apart, row by row", statements: TenantAccess.statements),
    Migration(
      number: 10, name: "tokens and EVM chains", online: rewritingTransfers, statements: tokens),
    Migration(number: 11, name: "coin without transfers, and blocks without traces") { dialect in
      // `untraced_at`: when the last block was covered without traces, where others have some.
      IncomeRecords.statements(dialect)
        + ["ALTER TABLE chains ADD COLUMN untraced_at \(dialect.integer)"]
    },
    Migration(
      number: 12, name: "proofs of what came of transactions", statements: executions),
    Migration(number: 13, name: "refunds, outgoing transactions and the ledger") { dialect in
      TreasuryAccounts.statements(dialect) + RefundRecords.statements(dialect)
        + OutgoingRecords.statements(dialect) + LedgerRecords.statements(dialect)
    },
    Migration(number: 14, name: "reconciliations and closed days") { dialect in
      ReconciliationRecords.statements(dialect) + LedgerCloses.statements(dialect)
    },
    Migration(
      number: 15, name: "the order in which refunds are read",
      online: ReadingOrder.Change.refunds.online([sharingCloses])
    ) { dialect in
      ReadingOrder.Change.refunds.statements(dialect)
        + (dialect == .postgreSQL ? [sharingCloses] : [])
    },
    Migration(number: 16, name: "used slots by height", online: indexing(slots)) { _ in
      // Watchers look for those of the last blocks at every step.
      ["CREATE INDEX \(slots.name) ON \(slots.columns)"]
    },
    Migration(
      number: 17, name: "transactions that wait for a block", statements: OutgoingWaits.statements),
    Migration(
      number: 18, name: "transactions that were given up",
      statements: GivenUpTransactions.statements),
    Migration(
      number: 19, name: "headers of covered blocks", statements: HeaderRecords.statements),
    Migration(
      number: 20, name: "transactions by what they replace", online: indexing(replacements)
    ) { _ in ["CREATE INDEX \(replacements.name) ON \(replacements.columns)"] },
    Migration(
      number: 21, name: "snapshots of the watched addresses",
      statements: WatchSnapshotRecords.statements),
    Migration(number: 22, name: "what tokens' logs say that outgoing transactions moved") {
      dialect in
      ["tokens_left", "tokens_arrived"].map {
        "ALTER TABLE outgoing ADD COLUMN \($0) \(dialect.amount)"
      }
    },
  ]

  /// Tenants' entries, too, go behind the last closed day.
  private static let sharingCloses = RowSecurity.share("ledger_closes", columns: "closed_at")

  private static let dropped = OnlineIndex(
    "transfers_dropped", on: "transfers (chain, first_seen) WHERE state = 'dropped'")

  private static let slots = OnlineIndex(
    "outgoing_slots_by_height", on: "outgoing_slots (chain, used_height)")
  /// Where one transaction replaces another, which is asked of each that waits for a block.
  private static let replacements = OnlineIndex(
    "outgoing_by_replaced", on: "outgoing (replaces) WHERE replaces IS NOT NULL")

  private static func indexing(_ index: OnlineIndex) -> OnlineChange {
    OnlineChange(
      indexes: { try $0.isLarge(String(index.columns.prefix { $0 != " " })) ? [index] : [] },
      isPrepared: { try index.isValid(in: $0) == true })
  }

  /// What must be run once after a dump was read into another server, before anything else.
  package static func afterRestore(_ dialect: SQLDialect) -> [String] {
    ReadingOrder.afterRestore(dialect)
  }

  /// What must be run before a dump is read into a server whose tables were dropped by hand.
  package static let beforePostgresRestore = ["DROP FUNCTION IF EXISTS refuse_ledger_change()"]

  private static func payments(_ dialect: SQLDialect) -> [String] {
    let (integer, blob, amount) = (dialect.integer, dialect.blob, dialect.amount)
    return [
      // Where one tenant's addresses of one family come from, in one region and restore epoch.
      // `next_index` is the first child index that was never derived; it never goes back.
      dialect.createTable(
        "accounts",
        """
          account_id \(dialect.generatedKey),
          tenant TEXT NOT NULL,
          family TEXT NOT NULL,
          region TEXT NOT NULL,
          epoch \(integer) NOT NULL CHECK (epoch >= 0),
          descriptor TEXT NOT NULL UNIQUE,
          next_index \(integer) NOT NULL CHECK (next_index BETWEEN 0 AND 2147483648),
          UNIQUE (tenant, family, region, epoch)
        """),
      // Every derived address, numbered within its family in the order in which watchers learn of
      // them. A payment owns its address for ever; `touched` ones were paid before they were
      // handed out and never are.
      dialect.createTable(
        "addresses",
        """
          family TEXT NOT NULL,
          ordinal \(integer) NOT NULL CHECK (ordinal >= 1),
          account_id \(integer) NOT NULL REFERENCES accounts (account_id),
          child_index \(integer) NOT NULL,
          script \(blob) NOT NULL UNIQUE,
          address TEXT NOT NULL,
          payment_id TEXT UNIQUE,
          touched \(integer) NOT NULL CHECK (touched IN (0, 1)),
          PRIMARY KEY (family, ordinal),
          UNIQUE (account_id, child_index)
        """),
      "CREATE INDEX addresses_ready ON addresses (account_id, ordinal) "
        + "WHERE payment_id IS NULL AND touched = 0",
      // Terms are fixed; the columns after them are what the facts have made of the payment.
      // `holds_order` is given back once the payment has ended, and never taken again.
      dialect.createTable(
        "payments",
        """
          payment_id TEXT PRIMARY KEY,
          tenant TEXT NOT NULL,
          order_id TEXT NOT NULL,
          chain TEXT NOT NULL,
          ordinal \(integer) NOT NULL,
          confirmations \(integer) NOT NULL,
          finality \(integer) NOT NULL,
          created_at \(integer) NOT NULL,
          expires_at \(integer) NOT NULL,
          terms TEXT NOT NULL,
          version \(integer) NOT NULL CHECK (version >= 0),
          status TEXT NOT NULL,
          amount \(amount) NOT NULL,
          received \(amount) NOT NULL,
          confirmed \(amount) NOT NULL,
          deadline_passed \(integer) NOT NULL CHECK (deadline_passed IN (0, 1)),
          holds_order \(integer) NOT NULL CHECK (holds_order IN (0, 1)),
          updated_at \(integer) NOT NULL
        """),
      "CREATE UNIQUE INDEX payments_by_order ON payments (tenant, order_id) WHERE holds_order = 1",
      "CREATE INDEX payments_of_order ON payments (tenant, order_id, payment_id)",
      "CREATE INDEX payments_by_tenant ON payments (tenant, payment_id)",
      "CREATE INDEX payments_by_status ON payments (tenant, status, payment_id)",
      "CREATE INDEX payments_deadlines ON payments (chain, expires_at) WHERE deadline_passed = 0",
      // What happened to a payment, in order: its state is made of nothing else.
      dialect.createTable(
        "payment_facts",
        """
          payment_id TEXT NOT NULL REFERENCES payments (payment_id),
          number \(integer) NOT NULL CHECK (number >= 1),
          recorded_at \(integer) NOT NULL,
          fact TEXT NOT NULL,
          PRIMARY KEY (payment_id, number)
        """),
    ]
  }

  private static func chains(_ dialect: SQLDialect) -> [String] {
    let (integer, blob, amount) = (dialect.integer, dialect.blob, dialect.amount)
    return [
      // One row for each watched chain: the cursor, and the block above which scanning began.
      // Hashes are in internal byte order.
      dialect.createTable(
        "chains",
        """
          chain TEXT PRIMARY KEY,
          family TEXT NOT NULL,
          version \(integer) NOT NULL,
          anchor_height \(integer) NOT NULL,
          anchor_hash \(blob) NOT NULL,
          tip_height \(integer) NOT NULL,
          tip_hash \(blob) NOT NULL,
          addresses_through \(integer) NOT NULL,
          looked_through \(integer),
          halt TEXT
        """),
      // The active chain's headers; `work` is that of the block alone.
      dialect.createTable(
        "headers",
        """
          chain TEXT NOT NULL,
          height \(integer) NOT NULL,
          hash \(blob) NOT NULL,
          parent \(blob) NOT NULL,
          time \(integer) NOT NULL,
          bits \(integer) NOT NULL,
          work \(amount) NOT NULL,
          PRIMARY KEY (chain, height)
        """),
      // Scanned blocks as hash-linked ranges: one a block until final, then joined.
      dialect.createTable(
        "coverage",
        """
          chain TEXT NOT NULL,
          from_height \(integer) NOT NULL,
          from_parent \(blob) NOT NULL,
          through_height \(integer) NOT NULL,
          through_hash \(blob) NOT NULL,
          addresses_through \(integer) NOT NULL,
          PRIMARY KEY (chain, from_height)
        """),
      // A transfer stands here once, whatever blocks it has been in: the primary key decides that
      // nothing is credited twice.
      dialect.createTable(
        "transfers",
        """
          chain TEXT NOT NULL,
          txid \(blob) NOT NULL CHECK (length(txid) = 32),
          position \(integer) NOT NULL,
          family TEXT NOT NULL,
          ordinal \(integer) NOT NULL,
          value \(amount) NOT NULL,
          is_coinbase \(integer) NOT NULL,
          confirmations \(integer) NOT NULL,
          finality \(integer) NOT NULL,
          state TEXT NOT NULL,
          detail TEXT,
          block_height \(integer),
          block_hash \(blob),
          block_time \(integer),
          first_seen \(integer) NOT NULL,
          PRIMARY KEY (chain, txid, position)
        """),
      "CREATE INDEX transfers_by_address ON transfers (family, ordinal)",
      "CREATE INDEX transfers_by_height ON transfers (chain, block_height)",
      "CREATE INDEX transfers_unfinished ON transfers (chain, first_seen) "
        + "WHERE state IN ('seen', 'included', 'confirmed', 'orphaned')",
      dialect.createTable(
        "transfer_inputs",
        """
          chain TEXT NOT NULL,
          txid \(blob) NOT NULL,
          place \(integer) NOT NULL,
          previous_txid \(blob) NOT NULL,
          previous_vout \(integer) NOT NULL,
          PRIMARY KEY (chain, txid, place)
        """),
    ]
  }

  private static func proofs(_ dialect: SQLDialect) -> [String] {
    let (integer, blob) = (dialect.integer, dialect.blob)
    return [
      // That a transaction with transfers stands in the block that it was put into last: written
      // with them, once for all its outputs. Transactions are without witness; siblings are hashes
      // of 32 bytes in internal byte order, lowest level first.
      dialect.createTable(
        "transfer_proofs",
        """
          chain TEXT NOT NULL,
          txid \(blob) NOT NULL CHECK (length(txid) = 32),
          block_height \(integer) NOT NULL,
          block_hash \(blob) NOT NULL CHECK (length(block_hash) = 32),
          header \(blob) NOT NULL CHECK (length(header) = 80),
          position \(integer) NOT NULL,
          transaction_bytes \(blob) NOT NULL,
          siblings \(blob) NOT NULL,
          coinbase \(blob) NOT NULL,
          coinbase_siblings \(blob) NOT NULL,
          PRIMARY KEY (chain, txid)
        """)
    ]
  }

  private static func executions(_ dialect: SQLDialect) -> [String] {
    let table = dialect.createTable(
      "execution_proofs",
      // As `transfer_proofs`, of EVM chains: an `ExecutionProof` in RLP.
      """
        chain TEXT NOT NULL,
        txid \(dialect.blob) NOT NULL CHECK (length(txid) = 32),
        block_height \(dialect.integer) NOT NULL,
        block_hash \(dialect.blob) NOT NULL CHECK (length(block_hash) = 32),
        evidence \(dialect.blob) NOT NULL,
        PRIMARY KEY (chain, txid)
      """)
    return dialect == .postgreSQL ? [table, RowSecurity.share("execution_proofs")] : [table]
  }
}
