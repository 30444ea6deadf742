internal import Database

/// The step that lets transfers be of tokens and stand in logs and calls.
extension SettlementSchema {
  /// `contract` is a token's, `0x` and lower-case digits; empty for the chain's own coin.
  /// `position` becomes a text such as `3`, `value` or `log:3`. `final_…` is the highest block that
  /// the chain itself called final, where it does.
  static func tokens(_ dialect: SQLDialect) -> [String] {
    let transfers =
      switch dialect {
      case .postgreSQL:
        [
          "ALTER TABLE transfers ALTER COLUMN position TYPE TEXT USING position::text",
          "ALTER TABLE transfers ADD COLUMN contract TEXT NOT NULL DEFAULT ''",
        ]
      case .sqlite: rebuiltTransfers(dialect)
      }
    return transfers + columns(dialect)
  }

  private static func columns(_ dialect: SQLDialect) -> [String] {
    [
      "ALTER TABLE payments ADD COLUMN contract TEXT NOT NULL DEFAULT ''",
      "ALTER TABLE chains ADD COLUMN final_height \(dialect.integer)",
      "ALTER TABLE chains ADD COLUMN final_hash \(dialect.blob)",
    ]
  }

  /// SQLite changes no column's type in place.
  private static func rebuiltTransfers(_ dialect: SQLDialect) -> [String] {
    [
      "ALTER TABLE transfers RENAME TO old_transfers",
      table("transfers", dialect),
      """
      INSERT INTO transfers (chain, txid, position, \(kept))
      SELECT chain, txid, CAST(position AS TEXT), \(kept) FROM old_transfers
      """,
      "DROP TABLE old_transfers",
    ] + indexes("transfers")
  }

  private static let kept = """
    family, ordinal, value, is_coinbase, confirmations, finality, state, detail, block_height,
      block_hash, block_time, first_seen
    """

  private static func table(_ name: String, _ dialect: SQLDialect) -> String {
    let (integer, blob, amount) = (dialect.integer, dialect.blob, dialect.amount)
    return dialect.createTable(
      name,
      """
        chain TEXT NOT NULL,
        txid \(blob) NOT NULL CHECK (length(txid) = 32),
        position TEXT NOT NULL,
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
        contract TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (chain, txid, position)
      """)
  }

  private static func indexes(_ table: String) -> [String] {
    [
      "CREATE INDEX \(table)_by_address ON \(table) (family, ordinal)",
      "CREATE INDEX \(table)_by_height ON \(table) (chain, block_height)",
      "CREATE INDEX \(table)_unfinished ON \(table) (chain, first_seen) "
        + "WHERE state IN ('seen', 'included', 'confirmed', 'orphaned')",
      "CREATE INDEX \(table)_dropped ON \(table) (chain, first_seen) WHERE state = 'dropped'",
    ]
  }

  // MARK: While transfers are written

  /// PostgreSQL would write all of `transfers` anew and let nobody near it meanwhile. So whatever
  /// is written goes into the new table, too, by a trigger, while what there was before is copied
  /// page by page, in the order of keys.
  static let rewritingTransfers = OnlineChange(
    advance: { connection in
      if try !isRewriting(connection) {
        guard try connection.isLarge("transfers") else { return false }
        for statement in preparation(connection.dialect) { try connection.execute(statement) }
      }
      return try copyPage(in: connection) == OnlineChange.batch
    },
    isPrepared: isRewriting,
    finish: { connection in
      for statement in replacement + columns(connection.dialect) {
        try connection.execute(statement)
      }
    })

  private static let copy = "transfers_in_text"

  private static func preparation(_ dialect: SQLDialect) -> [String] {
    let kept = kept.split { $0 == "," || $0.isWhitespace }
    return [table(copy, dialect)] + indexes(copy) + [
      // The key up to which what was there before is copied.
      "CREATE TABLE transfers_copied (chain TEXT NOT NULL, txid BYTEA NOT NULL, "
        + "position BIGINT NOT NULL)",
      "INSERT INTO transfers_copied VALUES ('', '', 0)",
      """
      CREATE FUNCTION copy_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' THEN
          DELETE FROM \(copy)
          WHERE chain = OLD.chain AND txid = OLD.txid AND position = OLD.position::text;
        ELSE
          INSERT INTO \(copy) (chain, txid, position, \(kept.joined(separator: ", ")))
          VALUES (NEW.chain, NEW.txid, NEW.position::text,
            \(kept.map { "NEW.\($0)" }.joined(separator: ", ")))
          ON CONFLICT (chain, txid, position) DO UPDATE SET
            \(kept.map { "\($0) = excluded.\($0)" }.joined(separator: ", "));
        END IF;
        RETURN NULL;
      END
      $$
      """,
      """
      CREATE TRIGGER copy_transfer AFTER INSERT OR UPDATE OR DELETE ON transfers
      FOR EACH ROW EXECUTE FUNCTION copy_transfer()
      """,
    ]
  }

  private static let replacement =
    [
      "DROP TABLE transfers",
      "DROP FUNCTION copy_transfer()",
      "DROP TABLE transfers_copied",
      "ALTER TABLE \(copy) RENAME TO transfers",
      "ALTER TABLE transfers RENAME CONSTRAINT \(copy)_pkey TO transfers_pkey",
      "ALTER TABLE transfers RENAME CONSTRAINT \(copy)_txid_check TO transfers_txid_check",
    ]
    + ["by_address", "by_height", "unfinished", "dropped"].map {
      "ALTER INDEX \(copy)_\($0) RENAME TO transfers_\($0)"
    }

  @Sendable
  private static func isRewriting(_ connection: any SQLConnection) throws -> Bool {
    try connection.tableNames().contains(copy)
  }

  /// Copies the next page, unless the trigger has been faster, and returns how many rows it has. A
  /// row that is held can't be removed while its copy isn't there yet.
  private static func copyPage(in connection: any SQLConnection) throws -> Int {
    let row = try connection.queryFirst(
      """
      WITH page AS (
        SELECT chain, txid, position, \(kept) FROM transfers
        WHERE (chain, txid, position) > (SELECT chain, txid, position FROM transfers_copied)
        ORDER BY chain, txid, position LIMIT \(OnlineChange.batch) FOR KEY SHARE
      ), copied AS (
        INSERT INTO \(copy) (chain, txid, position, \(kept))
        SELECT chain, txid, position::text, \(kept) FROM page ON CONFLICT DO NOTHING
      ), advanced AS (
        UPDATE transfers_copied SET (chain, txid, position) = (
          SELECT chain, txid, position FROM page
          ORDER BY chain DESC, txid DESC, position DESC LIMIT 1)
        WHERE EXISTS (SELECT 1 FROM page)
      )
      SELECT COUNT(*) AS count FROM page
      """)
    return Int(try row?.integer("count") ?? 0)
  }
}
