internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import Digests
internal import EventLog

/// What the last comparison of each chain found, in its table.
package enum ReconciliationRecords {
  static func statements(_ dialect: SQLDialect) -> [String] {
    [
      // `reasons` is a JSON list of what was told.
      dialect.createTable(
        "reconciliations",
        """
          chain TEXT PRIMARY KEY,
          finished_at \(dialect.integer) NOT NULL,
          block_height \(dialect.integer),
          addresses \(dialect.integer) NOT NULL,
          differences \(dialect.integer) NOT NULL,
          reasons TEXT NOT NULL
        """)
    ]
  }

  /// The last comparison of a chain.
  package struct Last: Sendable, Equatable {
    package let chain: ChainName
    package let finishedAt: Timestamp
    package let differences: Int64
  }

  package static func all(in connection: any SQLConnection) throws -> [Last] {
    try connection.query(
      "SELECT chain, finished_at, differences FROM reconciliations ORDER BY chain"
    ).map {
      try Last(
        chain: $0.chain("chain"), finishedAt: $0.time("finished_at"),
        differences: $0.integer("differences"))
    }
  }

  /// The chains, and `books`, that no comparison was recorded of.
  package static func neverCompared(in connection: any SQLConnection) throws -> [String] {
    let compared = Set(try all(in: connection).map(\.chain.text))
    let names = try connection.query("SELECT chain FROM chains ORDER BY chain")
      .map { try $0.text("chain") }
    return (names + [books]).filter { !compared.contains($0) }
  }

  /// In a chain's place, for what a replay found: payments, events and entries of all chains.
  private static let books = "books"

  /// Writes what a comparison of all tenants' addresses found, and tells
  /// `reconciliation.mismatch` of each difference that the one before hadn't found; how many these
  /// were.
  package static func record(
    _ outcome: Reconciler.Outcome, of spec: ChainSpec, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Int {
    try record(
      outcome.rows, of: spec.name.text, block: outcome.block, addresses: outcome.addresses,
      now: now, in: connection)
  }

  /// The same of what a replay found.
  package static func record(
    _ report: ReplayCheck.Report, now: Timestamp, in connection: any SQLConnection
  ) throws -> Int {
    try record(
      report.found.map { ReconciliationRow($0) }, of: books, block: nil, addresses: 0, now: now,
      in: connection)
  }

  private static func record(
    _ rows: [ReconciliationRow], of chain: String, block: BlockRef?, addresses: Int,
    now: Timestamp, in connection: any SQLConnection
  ) throws -> Int {
    let former = try connection.queryFirst(
      "SELECT reasons FROM reconciliations WHERE chain = $1" + connection.dialect.forUpdate,
      [.text(chain)])
    let known = try Set(
      former.map { try CanonicalJSON.value([String].self, from: $0.text("reasons")) } ?? [])
    let reasons = rows.map(\.reason)
    let drafts = try reasons.filter { !known.contains($0) }.map { reason in
      let text = try CanonicalJSON.document(MismatchEvent(chain: chain, reason: reason))
      return EventDraft(
        type: "reconciliation.mismatch", subject: chain,
        cause: SHA256.hash(Array("\(chain)\n\(now.microseconds)\n\(text)".utf8)), time: now,
        data: text)
    }
    try connection.execute(
      """
      INSERT INTO reconciliations
        (chain, finished_at, block_height, addresses, differences, reasons)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (chain) DO UPDATE SET finished_at = excluded.finished_at,
        block_height = excluded.block_height, addresses = excluded.addresses,
        differences = excluded.differences, reasons = excluded.reasons
      """,
      [
        .text(chain), .time(now), .optional(block.map { Int64($0.height) }),
        .integer(Int64(addresses)), .integer(Int64(rows.count)),
        .text(try CanonicalJSON.text(reasons)),
      ])
    try EventLog.append(drafts, in: connection)
    return drafts.count
  }
}
