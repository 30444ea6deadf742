internal import Bytes
package import ChainTypes
package import Database
package import Watching

/// Coin that came to addresses without transfers, in its table: as long as its block stands in the
/// active chain.
package enum IncomeRecords {
  static func statements(_ dialect: SQLDialect) -> [String] {
    let (integer, blob, amount) = (dialect.integer, dialect.blob, dialect.amount)
    return [
      // `source` is `withdrawal:71`, `fees` or `unattributed`. Rows go with their block.
      dialect.createTable(
        "incomes",
        """
          chain TEXT NOT NULL,
          block_height \(integer) NOT NULL,
          ordinal \(integer) NOT NULL,
          source TEXT NOT NULL,
          family TEXT NOT NULL,
          block_hash \(blob) NOT NULL CHECK (length(block_hash) = 32),
          value \(amount) NOT NULL,
          booked_at \(integer) NOT NULL,
          PRIMARY KEY (chain, block_height, ordinal, source)
        """),
      "CREATE INDEX incomes_by_address ON incomes (family, ordinal)",
    ]
  }

  /// An address's on all chains of its family, in the order in which they were booked.
  package static func incomes(
    of ordinal: UInt64, family: String, in connection: any SQLConnection
  ) throws -> [(chain: ChainName, income: AddressIncome)] {
    try connection.query(
      """
      SELECT * FROM incomes WHERE family = $1 AND ordinal = $2
      ORDER BY booked_at, chain, block_height, source LIMIT 1000
      """, [.text(family), .ordinal(ordinal)]
    ).map { try ($0.chain("chain"), income($0)) }
  }

  /// False where it is booked already. A further surplus at the same block adds to the first.
  static func book(
    _ income: AddressIncome, chain: ChainName, family: String, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> Bool {
    let key: [SQLValue] = [
      .text(chain.text), .integer(Int64(income.block.height)), .ordinal(income.ordinal),
      .text(income.source.description),
    ]
    let inserted = try connection.execute(
      """
      INSERT INTO incomes (chain, block_height, ordinal, source, family, block_hash, value,
        booked_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      ON CONFLICT (chain, block_height, ordinal, source) DO NOTHING
      """,
      key + [
        .text(family), .hash(income.block.hash), .amount(income.value), .time(now),
      ])
    guard inserted == 0, income.source == .unattributed else { return inserted == 1 }
    let place = "chain = $1 AND block_height = $2 AND ordinal = $3 AND source = $4"
    guard
      let row = try connection.queryFirst("SELECT value FROM incomes WHERE \(place)", key)
    else { throw CorruptRow.column("value") }
    let sum = try row.amount("value").adding(income.value)
    try connection.execute(
      "UPDATE incomes SET value = $5 WHERE \(place)", key + [.amount(sum)])
    return true
  }

  /// Removes those of a block that left the active chain, and gives them.
  static func remove(
    in block: BlockRef, of chain: ChainName, in connection: any SQLConnection
  ) throws -> [AddressIncome] {
    let place: [SQLValue] = [.text(chain.text), .integer(Int64(block.height))]
    let incomes = try connection.query(
      """
      SELECT * FROM incomes WHERE chain = $1 AND block_height = $2 ORDER BY ordinal, source
      """, place
    ).map(income)
    guard !incomes.isEmpty else { return [] }
    try connection.execute("DELETE FROM incomes WHERE chain = $1 AND block_height = $2", place)
    return incomes
  }

  /// Those of an address that nothing explains, of blocks from `height` on, lowest first.
  static func unattributed(
    of ordinal: UInt64, family: String, on chain: ChainName, fromHeight height: UInt32,
    in connection: any SQLConnection
  ) throws -> [AddressIncome] {
    try connection.query(
      """
      SELECT * FROM incomes
      WHERE family = $1 AND ordinal = $2 AND chain = $3 AND source = 'unattributed'
        AND block_height >= $4
      ORDER BY block_height
      """, [.text(family), .ordinal(ordinal), .text(chain.text), .integer(Int64(height))]
    ).map(income)
  }

  static func remove(
    _ income: AddressIncome, of chain: ChainName, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      DELETE FROM incomes
      WHERE chain = $1 AND block_height = $2 AND ordinal = $3 AND source = $4
      """,
      [
        .text(chain.text), .integer(Int64(income.block.height)), .ordinal(income.ordinal),
        .text(income.source.description),
      ])
  }

  private static func income(_ row: SQLRow) throws -> AddressIncome {
    guard let source = IncomeSource(try row.text("source")) else {
      throw CorruptRow.column("source")
    }
    return try AddressIncome(
      block: BlockRef(height: row.uint32("block_height"), hash: row.hash("block_hash")),
      ordinal: row.ordinal("ordinal"), source: source, value: row.amount("value"))
  }
}
