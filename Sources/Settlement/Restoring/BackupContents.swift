internal import Bytes
internal import ChainTypes
package import Database
internal import EventLog

/// What a database holds, in figures: told of a backup when it is taken, and compared when it is
/// restored.
package struct BackupContents: Sendable, Codable, Equatable {
  /// Nil where no process has started on the database since epochs are kept.
  package let restoreEpoch: Int64?
  /// The event log's last position, and how many events wait for theirs.
  package let lastPosition: Int64
  package let waitingEvents: Int64
  package let chains: [Chain]
  package let accounts: [Account]
  /// Each table's number of rows.
  package let rows: [String: Int64]

  package struct Chain: Sendable, Codable, Equatable {
    package let chain: String
    package let version: Int64
    package let tipHeight: Int64
    /// In display order.
    package let tipHash: String
    package let addressesThrough: Int64
  }

  package struct Account: Sendable, Codable, Equatable {
    package let tenant: String
    package let family: String
    package let region: String
    package let epoch: Int64
    package let nextIndex: Int64
    package let addresses: Int64
    /// How many of them have a payment.
    package let handedOut: Int64
  }

  /// All of one transaction, which must see the database at one moment.
  package init(of connection: any SQLConnection) throws {
    restoreEpoch = try RestoreEpochs.current(in: connection)
    lastPosition = try EventLog.lastPosition(in: connection)
    waitingEvents = try EventsWaiting(in: connection).count
    chains = try connection.query(
      "SELECT chain, family, version, tip_height, tip_hash, addresses_through FROM chains "
        + "ORDER BY chain"
    ).map {
      try Chain(
        chain: $0.text("chain"), version: $0.integer("version"),
        tipHeight: $0.integer("tip_height"),
        tipHash: $0.hash("tip_hash").text(HashForm(family: $0.text("family"))),
        addressesThrough: $0.integer("addresses_through"))
    }
    accounts = try connection.query(
      """
      SELECT tenant, family, region, epoch, next_index,
        (SELECT COUNT(*) FROM addresses WHERE addresses.account_id = accounts.account_id)
          AS addresses,
        (SELECT COUNT(*) FROM addresses WHERE addresses.account_id = accounts.account_id
          AND payment_id IS NOT NULL) AS handed_out
      FROM accounts ORDER BY account_id
      """
    ).map {
      try Account(
        tenant: $0.text("tenant"), family: $0.text("family"), region: $0.text("region"),
        epoch: $0.integer("epoch"), nextIndex: $0.integer("next_index"),
        addresses: $0.integer("addresses"), handedOut: $0.integer("handed_out"))
    }
    var rows: [String: Int64] = [:]
    for table in try connection.tableNames() where table != RestoreEpoch.unfinishedTable {
      rows[table] = try Self.count("\"\(table)\"", in: connection)
    }
    self.rows = rows
  }

  private static func count(_ table: String, in connection: any SQLConnection) throws -> Int64 {
    try connection.queryFirst("SELECT COUNT(*) AS count FROM \(table)")?.integer("count") ?? 0
  }
}
