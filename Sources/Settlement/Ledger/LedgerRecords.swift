internal import Aggregates
package import Bytes
package import ChainTypes
package import Database
package import Payments

/// The ledger in its tables: entries, which are only ever added, and what they sum up to.
///
/// An entry's subject is what it is of: a transfer (`chain/txid/position`), an income, a payment,
/// an outgoing transaction. What is booked of a subject is a function of how that stands (`book`),
/// so that it is right whatever happened on the way.
package enum LedgerRecords {
  static func statements(_ dialect: SQLDialect) -> [String] {
    let (integer, amount) = (dialect.integer, dialect.amount)
    let tables = [
      // Of each subject `booked` and `reversed` entries in turn. `postings` is a JSON list.
      // `tenant` is empty where nobody's.
      dialect.createTable(
        "ledger_entries",
        """
          subject TEXT NOT NULL,
          chain TEXT NOT NULL,
          contract TEXT NOT NULL,
          number \(integer) NOT NULL CHECK (number >= 1),
          tenant TEXT NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('booked', 'reversed')),
          postings TEXT NOT NULL,
          recorded_at \(integer) NOT NULL,
          PRIMARY KEY (subject, chain, contract, number)
        """),
      "CREATE INDEX ledger_entries_by_time ON ledger_entries (recorded_at, subject, number)",
      // The entries' sums. Debits and credits each only grow.
      dialect.createTable(
        "ledger_balances",
        """
          tenant TEXT NOT NULL,
          chain TEXT NOT NULL,
          contract TEXT NOT NULL,
          account TEXT NOT NULL,
          debit \(amount) NOT NULL,
          credit \(amount) NOT NULL,
          PRIMARY KEY (tenant, chain, contract, account)
        """),
    ]
    return tables + appendOnly(dialect) + access(dialect)
  }

  /// The engine itself refuses to change or remove an entry.
  private static func appendOnly(_ dialect: SQLDialect) -> [String] {
    switch dialect {
    case .sqlite:
      ["UPDATE", "DELETE"].map { act in
        """
        CREATE TRIGGER ledger_entries_no_\(act.lowercased()) BEFORE \(act) ON ledger_entries
        BEGIN SELECT RAISE(ABORT, 'ledger entries are only ever added'); END
        """
      }
    case .postgreSQL:
      [
        """
        CREATE FUNCTION refuse_ledger_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'ledger entries are only ever added';
        END
        $$
        """,
        """
        CREATE TRIGGER ledger_entries_append_only
          BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
          FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()
        """,
      ]
    }
  }

  private static func access(_ dialect: SQLDialect) -> [String] {
    guard dialect == .postgreSQL else { return [] }
    let ownRows = "tenant = \(RowSecurity.currentTenant)"
    return RowSecurity.protect("ledger_entries", rows: ownRows, granting: "SELECT, INSERT")
      + RowSecurity.protect(
        "ledger_balances", rows: ownRows, granting: "SELECT, INSERT", "UPDATE (debit, credit)")
  }

  /// What income's entries are of.
  static func incomeSubject(
    _ chain: ChainName, height: Int64, ordinal: Int64, _ source: String
  ) -> String {
    "income:\(chain)/\(height)/\(ordinal)/\(source)"
  }

  /// Makes what is booked of the subject be `entry`: where something else was, that is reversed.
  ///
  /// - Parameter tenant: whose money it is; nil for nobody's
  package static func book(
    _ entry: LedgerEntry, of subject: String, tenant: String?, now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    let last = try connection.queryFirst(
      """
      SELECT number, tenant, kind, postings FROM ledger_entries
      WHERE subject = $1 AND chain = $2 AND contract = $3 ORDER BY number DESC LIMIT 1
      """, [.text(subject), .text(entry.chain.text), .contract(entry.contract)])
    var number = try last?.integer("number") ?? 0
    let tenant = tenant ?? ""
    if let last, try last.text("kind") == "booked" {
      let owner = try last.text("tenant")
      let postings = try CanonicalJSON.value([LedgerPosting].self, from: last.text("postings"))
      guard postings != entry.postings || owner != tenant else { return }
      number += 1
      try write(
        postings.map(\.reversed), "reversed", as: number, entry, subject, owner, now, in: connection
      )
    }
    guard !entry.isEmpty else { return }
    try write(entry.postings, "booked", as: number + 1, entry, subject, tenant, now, in: connection)
  }

  /// A clock that is late adds nothing to a day that is closed.
  private static func write(
    _ postings: [LedgerPosting], _ kind: String, as number: Int64, _ entry: LedgerEntry,
    _ subject: String, _ tenant: String, _ now: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO ledger_entries
        (subject, chain, contract, number, tenant, kind, postings, recorded_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7,
        (SELECT CASE WHEN MAX(closed_at) > $8 THEN MAX(closed_at) ELSE $8 END FROM ledger_closes))
      """,
      [
        .text(subject), .text(entry.chain.text), .contract(entry.contract), .integer(number),
        .text(tenant), .text(kind), .text(try CanonicalJSON.text(postings)), .time(now),
      ])
    for posting in postings {
      try add(
        posting, tenant: tenant, chain: entry.chain, contract: entry.contract, in: connection)
    }
  }

  private static func add(
    _ posting: LedgerPosting, tenant: String, chain: ChainName, contract: Hash20?,
    in connection: any SQLConnection
  ) throws {
    let key: [SQLValue] = [
      .text(tenant), .text(chain.text), .contract(contract), .text(posting.account.rawValue),
    ]
    try connection.execute(
      """
      INSERT INTO ledger_balances (tenant, chain, contract, account, debit, credit)
      VALUES ($1, $2, $3, $4, '0', '0')
      ON CONFLICT (tenant, chain, contract, account) DO NOTHING
      """, key)
    let place = "tenant = $1 AND chain = $2 AND contract = $3 AND account = $4"
    guard
      let row = try connection.queryFirst(
        "SELECT debit, credit FROM ledger_balances WHERE \(place)" + connection.dialect.forUpdate,
        key)
    else { throw CorruptRow.column("account") }
    let column = posting.side.rawValue
    // Saturates, on both sides alike: whoever mints such tokens can't keep a block from counting.
    let before = try row.amount(column)
    let sum = (try? before.adding(posting.amount)) ?? .max
    try connection.execute(
      "UPDATE ledger_balances SET \(column) = $5 WHERE \(place)", key + [.amount(sum)])
  }
}

/// What an account has, in one asset of one tenant.
package struct LedgerBalance: Hashable, Sendable {
  /// Empty for nobody's.
  package let tenant: String
  package let chain: ChainName
  package let contract: Hash20?
  package let account: LedgerAccount
  package let debit: UInt256
  package let credit: UInt256

  package init(
    tenant: String, chain: ChainName, contract: Hash20?, account: LedgerAccount, debit: UInt256,
    credit: UInt256
  ) {
    self.tenant = tenant
    self.chain = chain
    self.contract = contract
    self.account = account
    self.debit = debit
    self.credit = credit
  }
}

extension LedgerRecords {
  /// All balances, by tenant, chain, asset and account.
  package static func balances(in connection: any SQLConnection) throws -> [LedgerBalance] {
    try connection.query(
      "SELECT * FROM ledger_balances ORDER BY tenant, chain, contract, account"
    ).map { row in
      guard let account = LedgerAccount(rawValue: try row.text("account")) else {
        throw CorruptRow.column("account")
      }
      return try LedgerBalance(
        tenant: row.text("tenant"), chain: row.chain("chain"), contract: row.contract("contract"),
        account: account, debit: row.amount("debit"), credit: row.amount("credit"))
    }
  }
}
