internal import Bitcoin
internal import ChainTypes
internal import Database

/// The headers of the active chain's covered blocks, for proofs: what stands on a block is shown by
/// those that follow it. Of 80 bytes each, some four megabytes a year (Bitcoin).
enum HeaderRecords {
  static func statements(_ dialect: SQLDialect) -> [String] {
    let table = dialect.createTable(
      "block_headers",
      """
        chain TEXT NOT NULL,
        height \(dialect.integer) NOT NULL,
        header \(dialect.blob) NOT NULL CHECK (length(header) = 80),
        PRIMARY KEY (chain, height)
      """)
    return dialect == .postgreSQL ? [table, RowSecurity.share("block_headers")] : [table]
  }

  static func insert(
    _ header: [UInt8], at height: UInt32, of chain: ChainName, in connection: any SQLConnection
  ) throws {
    // A program from before these were kept leaves those of a branch that a reorg has removed.
    try connection.submit(
      """
      INSERT INTO block_headers (chain, height, header) VALUES ($1, $2, $3)
      ON CONFLICT (chain, height) DO UPDATE SET header = excluded.header
      """,
      [.text(chain.text), .integer(Int64(height)), .blob(header)])
  }

  static func remove(
    at height: UInt32, of chain: ChainName, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "DELETE FROM block_headers WHERE chain = $1 AND height = $2",
      [.text(chain.text), .integer(Int64(height))])
  }

  /// Those that follow a block, lowest first, as far as they are kept without a hole, each on the
  /// one before.
  static func above(
    _ block: BlockRef, limit: UInt32, on chain: ChainName, in connection: any SQLConnection
  ) throws -> [[UInt8]] {
    let rows = try connection.query(
      """
      SELECT height, header FROM block_headers
      WHERE chain = $1 AND height > $2 AND height <= $3 ORDER BY height
      """,
      [
        .text(chain.text), .integer(Int64(block.height)),
        .integer(Int64(block.height) + Int64(limit)),
      ])
    var headers: [[UInt8]] = []
    var below = block.hash
    for (place, row) in rows.enumerated() {
      let bytes = try row.blob("header")
      guard try row.integer("height") == Int64(block.height) + Int64(place) + 1,
        let header = try? BlockHeader(bytes: bytes.span.bytes), header.previousBlockHash == below
      else { break }
      headers.append(bytes)
      below = header.hash
    }
    return headers
  }
}
