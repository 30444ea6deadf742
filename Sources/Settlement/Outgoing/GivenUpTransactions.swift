internal import ChainTypes
internal import Database
internal import Payments

/// Bitcoin transactions that were given up unsigned, on an operator's word that no signed copy
/// exists. Where there is one after all it may be mined for as long as its coins are unspent: so
/// these stay watched, and whatever pays the same refunds spends one of them.
enum GivenUpTransactions {
  static func statements(_ dialect: SQLDialect) -> [String] {
    [
      dialect.createTable(
        "outgoing_given_up",
        """
          chain TEXT NOT NULL,
          slot TEXT NOT NULL,
          outgoing_id TEXT NOT NULL REFERENCES outgoing (outgoing_id),
          PRIMARY KEY (chain, slot, outgoing_id)
        """),
      "CREATE INDEX outgoing_given_up_of ON outgoing_given_up (outgoing_id)",
    ]
  }

  /// Remembers what it would have spent. An account's nonce is another's at once.
  static func remember(
    _ transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws {
    for case .outpoint(let outpoint) in transaction.slots {
      try connection.execute(
        "INSERT INTO outgoing_given_up (chain, slot, outgoing_id) VALUES ($1, $2, $3)",
        [
          .text(transaction.chain.text), .text(OutgoingSlot.outpoint(outpoint).description),
          .text(transaction.id),
        ])
    }
  }

  static func forget(_ id: String, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM outgoing_given_up WHERE outgoing_id = $1", [.text(id)])
  }

  static func slots(
    of id: String, in connection: any SQLConnection
  ) throws -> [OutgoingSlot] {
    try connection.query(
      "SELECT slot FROM outgoing_given_up WHERE outgoing_id = $1 ORDER BY slot", [.text(id)]
    ).map { try slot($0) }
  }

  /// Of all on a chain.
  static func slots(
    on chain: ChainName, in connection: any SQLConnection
  ) throws -> [OutgoingSlot] {
    try connection.query(
      "SELECT DISTINCT slot FROM outgoing_given_up WHERE chain = $1", [.text(chain.text)]
    ).map { try slot($0) }
  }

  private static func slot(_ row: SQLRow) throws -> OutgoingSlot {
    guard let slot = OutgoingSlot(try row.text("slot")) else { throw CorruptRow.column("slot") }
    return slot
  }

  /// What stands between a refund and its next transaction.
  enum Claim: Equatable {
    /// One of these coins must be spent by it, for each transaction that may still be mined.
    case coins([Outpoint])
    /// The coins of this one are set aside for another, which isn't final yet.
    case waits(for: String)
  }

  /// What given-up transactions that would pay the refund ask of the next one.
  static func claim(
    on refund: String, of chain: ChainName, in connection: any SQLConnection
  ) throws -> Claim {
    let ids = try connection.query(
      """
      SELECT DISTINCT outgoing.outgoing_id AS id FROM outgoing
      JOIN outgoing_given_up AS given ON given.outgoing_id = outgoing.outgoing_id
      WHERE outgoing.chain = $1 AND outgoing.status = 'canceled' AND outgoing.payouts LIKE $2
      ORDER BY outgoing.outgoing_id
      """, [.text(chain.text), .text("%\"\(refund)\"%")]
    ).map { try $0.text("id") }
    var coins: [Outpoint] = []
    for id in ids {
      var free: Outpoint?
      var isDead = false
      for case .outpoint(let outpoint) in try slots(of: id, in: connection) {
        let row = try connection.queryFirst(
          "SELECT is_open FROM outgoing_slots WHERE chain = $1 AND slot = $2",
          [.text(chain.text), .text(OutgoingSlot.outpoint(outpoint).description)])
        guard let row else {
          free = free ?? outpoint
          continue
        }
        // Finally spent by another.
        if try !row.flag("is_open") { isDead = true }
      }
      if isDead { continue }
      guard let free else { return .waits(for: id) }
      coins.append(free)
    }
    return .coins(coins)
  }
}
