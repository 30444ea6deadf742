package import ChainTracking
package import ChainTypes
package import Database
package import Watching

/// Cursors, headers and coverage in their tables.
package enum ChainRecords {
  /// Headers this far below the tip are forgotten; coverage keeps their hashes linked.
  static let keptHeaders: UInt32 = 10_000
  /// Where a chain calls no such block final they stay, as a reorg can leave there, but no longer
  /// than to this far.
  static let keptUnfinalHeaders: UInt32 = 100_000

  /// - Parameter locking: holds the cursor until the transaction ends: for who moves it
  package static func cursor(
    of chain: ChainName, locking: Bool = false, in connection: any SQLConnection
  ) throws -> ChainCursor? {
    let row = try connection.queryFirst(
      "SELECT * FROM chains WHERE chain = $1" + (locking ? connection.dialect.forUpdate : ""),
      [.text(chain.text)])
    guard let row else { return nil }
    return try ChainCursor(
      version: row.integer("version"),
      tip: BlockRef(height: row.uint32("tip_height"), hash: row.hash("tip_hash")),
      addressesThrough: row.ordinal("addresses_through"),
      lookedThrough: row.optionalInteger("looked_through").map(Timestamp.init(microseconds:)),
      halt: row.optionalText("halt"),
      stallTold: row.optionalHash("stall_told"),
      finalized: row.optionalHash("final_hash").map {
        try BlockRef(height: row.uint32("final_height"), hash: $0)
      }, untracedAt: row.optionalInteger("untraced_at").map(Timestamp.init(microseconds:)))
  }

  /// How the chain's hashes are written.
  package static func hashForm(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> HashForm {
    let row = try connection.queryFirst(
      "SELECT family FROM chains WHERE chain = $1", [.text(chain.text)])
    return HashForm(family: try row?.text("family") ?? "")
  }

  /// The last `limit` links of the active chain, lowest first.
  package static func links(
    of chain: ChainName, limit: Int, in connection: any SQLConnection
  ) throws -> [ChainLink] {
    try connection.query(
      "SELECT * FROM headers WHERE chain = $1 ORDER BY height DESC LIMIT $2",
      [.text(chain.text), .integer(Int64(limit))]
    ).reversed().map(link)
  }

  private static func link(_ row: SQLRow) throws -> ChainLink {
    try ChainLink(
      ref: BlockRef(height: row.uint32("height"), hash: row.hash("hash")),
      parent: row.hash("parent"), time: row.uint32("time"), bits: row.uint32("bits"),
      work: row.amount("work"))
  }

  static func start(
    _ chain: ChainName, family: String, links: [ChainLink], writerEpoch: Int64,
    in connection: any SQLConnection
  ) throws -> ChainCursor {
    guard let anchor = links.last else { throw HeaderChainError.empty }
    guard try cursor(of: chain, in: connection) == nil else {
      throw StaleCursor(chain: chain, expected: 0)
    }
    for link in links { try insert(link, chain: chain, in: connection) }
    try connection.execute(
      """
      INSERT INTO chains (chain, family, version, anchor_height, anchor_hash, tip_height, tip_hash,
        addresses_through, writer_epoch)
      VALUES ($1, $2, 0, $3, $4, $3, $4, 0, $5)
      """,
      [
        .text(chain.text), .text(family), .integer(Int64(anchor.ref.height)),
        .hash(anchor.ref.hash), .integer(writerEpoch),
      ])
    return ChainCursor(
      version: 0, tip: anchor.ref, addressesThrough: 0, lookedThrough: nil, halt: nil)
  }

  static func insert(
    _ link: ChainLink, chain: ChainName, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO headers (chain, height, hash, parent, time, bits, work)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      [
        .text(chain.text), .integer(Int64(link.ref.height)), .hash(link.ref.hash),
        .hash(link.parent), .integer(Int64(link.time)), .integer(Int64(link.bits)),
        .amount(link.work),
      ])
  }

  /// Forgets those that no reorg to be followed leaves at.
  static func forgetHeaders(
    of chain: ChainName, below tip: BlockRef, finalized: BlockRef?,
    in connection: any SQLConnection
  ) throws {
    guard tip.height > keptHeaders else { return }
    let (least, most) = (
      tip.height - keptHeaders, tip.height - min(keptUnfinalHeaders, tip.height)
    )
    let lowest = max(most, min(least, finalized?.height ?? least))
    try connection.execute(
      "DELETE FROM headers WHERE chain = $1 AND height < $2",
      [.text(chain.text), .integer(Int64(lowest))])
  }

  // MARK: Coverage

  /// All ranges of the chain, lowest first.
  package static func coverage(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> [CoverageRange] {
    try connection.query(
      "SELECT * FROM coverage WHERE chain = $1 ORDER BY from_height", [.text(chain.text)]
    ).map(range)
  }

  /// The block above which scanning began; nil where there is no such chain.
  package static func anchor(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> BlockRef? {
    try connection.queryFirst(
      "SELECT anchor_height, anchor_hash FROM chains WHERE chain = $1", [.text(chain.text)]
    ).map { try BlockRef(height: $0.uint32("anchor_height"), hash: $0.hash("anchor_hash")) }
  }

  /// Where the chain's coverage isn't what the cursor claims; nil where there is no such chain.
  package static func coverageHoles(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> [CoverageHole]? {
    guard let cursor = try cursor(of: chain, in: connection) else { return nil }
    guard let anchor = try anchor(of: chain, in: connection)?.height else { return nil }
    let ledger = CoverageLedger(stored: try coverage(of: chain, in: connection))
    // The anchor itself isn't scanned, and a reorg that an operator let through may go below it.
    let first = anchor.addingReportingOverflow(1).partialValue
    if ledger.ranges.isEmpty, cursor.tip.height <= anchor { return [] }
    return ledger.check(
      fromHeight: min(first, ledger.ranges.first?.fromHeight ?? first), tip: cursor.tip)
  }

  private static func range(_ row: SQLRow) throws -> CoverageRange {
    try CoverageRange(
      fromHeight: row.uint32("from_height"), fromParentHash: row.hash("from_parent"),
      throughHeight: row.uint32("through_height"), throughHash: row.hash("through_hash"),
      addressesThrough: row.ordinal("addresses_through"))
  }

  static func cover(
    _ link: ChainLink, addressesThrough: UInt64, chain: ChainName,
    in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO coverage (chain, from_height, from_parent, through_height, through_hash,
        addresses_through) VALUES ($1, $2, $3, $2, $4, $5)
      """,
      [
        .text(chain.text), .integer(Int64(link.ref.height)), .hash(link.parent),
        .hash(link.ref.hash), .ordinal(addressesThrough),
      ])
  }

  /// Takes back the coverage of `link`, a chain's covered tip.
  static func uncover(
    _ link: ChainLink, chain: ChainName, in connection: any SQLConnection
  ) throws {
    let height = SQLValue.integer(Int64(link.ref.height))
    let single = try connection.execute(
      "DELETE FROM coverage WHERE chain = $1 AND from_height = $2 AND through_height = $2",
      [.text(chain.text), height])
    guard single == 0 else { return }
    // A reorg below finality reaches into a joined range: it ends one block lower now.
    try connection.execute(
      """
      UPDATE coverage SET through_height = $1, through_hash = $2
      WHERE chain = $3 AND through_height = $4
      """,
      [
        .integer(Int64(link.ref.height) - 1), .hash(link.parent), .text(chain.text), height,
      ])
  }

  /// Joins what lies at or below `height` into one range for each unbroken run.
  static func joinCoverage(
    of chain: ChainName, throughHeight height: UInt32, in connection: any SQLConnection
  ) throws {
    let rows = try connection.query(
      """
      SELECT * FROM coverage WHERE chain = $1 AND through_height <= $2
      ORDER BY from_height DESC LIMIT 600
      """, [.text(chain.text), .integer(Int64(height))]
    ).reversed().map(range)
    guard rows.count > 1 else { return }
    var ledger = CoverageLedger(stored: rows)
    ledger.merge(throughHeight: height)
    guard ledger.ranges != rows else { return }
    for row in rows {
      try connection.execute(
        "DELETE FROM coverage WHERE chain = $1 AND from_height = $2",
        [.text(chain.text), .integer(Int64(row.fromHeight))])
    }
    for range in ledger.ranges {
      try connection.execute(
        """
        INSERT INTO coverage (chain, from_height, from_parent, through_height, through_hash,
          addresses_through) VALUES ($1, $2, $3, $4, $5, $6)
        """,
        [
          .text(chain.text), .integer(Int64(range.fromHeight)), .hash(range.fromParentHash),
          .integer(Int64(range.throughHeight)), .hash(range.throughHash),
          .ordinal(range.addressesThrough ?? 0),
        ])
    }
  }
}
