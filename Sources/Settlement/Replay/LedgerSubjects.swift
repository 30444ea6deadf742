internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Watching

/// What the ledger should know of, a page at a time.
enum LedgerSubjects {
  /// Transfers that stand in blocks: their subjects, with their assets.
  static func eachTransfer(
    on chain: ChainName, in connection: any SQLConnection,
    _ body: (String, Hash20?) throws -> Void
  ) throws {
    var last: (txid: SQLValue, position: String) = (.blob([]), "")
    while true {
      let rows = try connection.query(
        """
        SELECT txid, position, contract FROM transfers
        WHERE chain = $1 AND (txid, position) > ($2, $3)
          AND state IN ('included', 'confirmed', 'final')
        ORDER BY txid, position LIMIT \(ReplayCheck.pageSize)
        """, [.text(chain.text), last.txid, .text(last.position)])
      for row in rows {
        let (txid, text) = (try row.hash("txid"), try row.text("position"))
        guard let position = TransferPosition(text) else { throw CorruptRow.column("position") }
        let id = TransferID(chain: chain, txid: txid, position: position)
        try body(id.description, row.contract("contract"))
        last = (.hash(txid), text)
      }
      guard rows.count == ReplayCheck.pageSize else { return }
    }
  }

  /// Coin that came without transfers.
  static func eachIncome(
    on chain: ChainName, in connection: any SQLConnection, _ body: (String) throws -> Void
  ) throws {
    var last: [SQLValue] = [.integer(-1), .integer(0), .text("")]
    while true {
      let rows = try connection.query(
        """
        SELECT block_height, ordinal, source FROM incomes
        WHERE chain = $1 AND (block_height, ordinal, source) > ($2, $3, $4)
        ORDER BY block_height, ordinal, source LIMIT \(ReplayCheck.pageSize)
        """, [.text(chain.text)] + last)
      for row in rows {
        let (height, ordinal) = (try row.integer("block_height"), try row.integer("ordinal"))
        let source = try row.text("source")
        try body(LedgerRecords.incomeSubject(chain, height: height, ordinal: ordinal, source))
        last = [.integer(height), .integer(ordinal), .text(source)]
      }
      guard rows.count == ReplayCheck.pageSize else { return }
    }
  }
}
