internal import ChainTypes
internal import Database
internal import Payments

/// Transactions that were given up unsigned, on an operator's word that no signed copy exists.
/// Where there is one after all it may be mined for as long as its coins are unspent, or its nonce
/// unused: so these stay watched, and whatever pays the same refunds spends one of them, or has
/// that nonce.
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

  /// Remembers what it would have used up, which is another's at once.
  static func remember(
    _ transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws {
    for slot in transaction.slots {
      try connection.execute(
        "INSERT INTO outgoing_given_up (chain, slot, outgoing_id) VALUES ($1, $2, $3)",
        [.text(transaction.chain.text), .text(slot.description), .text(transaction.id)])
    }
  }

  /// The one that would have done just this with the slot; nil where none would.
  ///
  /// - Parameter unsigned: what is signed of it, as `OutgoingTransaction` has it
  static func doing(
    _ unsigned: String, with slot: OutgoingSlot, on chain: ChainName,
    in connection: any SQLConnection
  ) throws -> String? {
    try connection.queryFirst(
      """
      SELECT outgoing.outgoing_id FROM outgoing_given_up AS given
      JOIN outgoing ON outgoing.outgoing_id = given.outgoing_id
      WHERE given.chain = $1 AND given.slot = $2 AND outgoing.unsigned = $3
      """, [.text(chain.text), .text(slot.description), .text(unsigned)]
    )?.text("outgoing_id")
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

  /// Those that would have spent what a final transaction of ours has can't be mined any more.
  static func forget(
    spentBy transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws {
    for slot in transaction.slots {
      try connection.execute(
        """
        DELETE FROM outgoing_given_up WHERE outgoing_id IN (
          SELECT outgoing_id FROM outgoing_given_up WHERE chain = $1 AND slot = $2)
        """, [.text(transaction.chain.text), .text(slot.description)])
    }
  }

  /// What stands between a refund and its next transaction.
  enum Claim: Equatable {
    /// One of these coins must be spent by it, for each transaction that may still be mined.
    case coins([Outpoint])
    /// The coins of this one are set aside for another, which isn't final yet.
    case waits(for: String)
    /// A transaction that isn't ours has finally spent a coin of this one: it may be this one,
    /// signed elsewhere, or have paid the refund in another way.
    case isUnclear(String)
  }

  /// What given-up transactions ask of a refund's next one. All that would pay a refund of the same
  /// payment count: one that ended is free to be requested anew, and a signed copy pays it still.
  static func claim(
    on terms: RefundTerms, in connection: any SQLConnection
  ) throws -> Claim {
    let refunds = try connection.query(
      "SELECT refund_id, status FROM refunds WHERE payment_id = $1 ORDER BY refund_id",
      [.text(terms.payment)])
    var coins: [Outpoint] = []
    for refund in refunds {
      // Somebody has looked, and said that it wasn't paid.
      let hasFailed = try refund.text("status") == RefundStatus.failed.rawValue
      for id in try paying(refund.text("refund_id"), on: terms.chain, in: connection) {
        switch try standing(of: id, on: terms.chain, in: connection) {
        case .coins(let free): coins += free
        case .isUnclear where hasFailed: continue
        case let other: return other
        }
      }
    }
    return .coins(coins)
  }

  private static func paying(
    _ refund: String, on chain: ChainName, in connection: any SQLConnection
  ) throws -> [String] {
    try connection.query(
      """
      SELECT DISTINCT outgoing.outgoing_id AS id FROM outgoing
      JOIN outgoing_given_up AS given ON given.outgoing_id = outgoing.outgoing_id
      WHERE outgoing.chain = $1 AND outgoing.status = 'canceled' AND outgoing.payouts LIKE $2
      ORDER BY outgoing.outgoing_id
      """, [.text(chain.text), .text("%\"\(refund)\"%")]
    ).map { try $0.text("id") }
  }

  /// What one of them asks.
  private static func standing(
    of id: String, on chain: ChainName, in connection: any SQLConnection
  ) throws -> Claim {
    var free: Outpoint?
    for case .outpoint(let outpoint) in try slots(of: id, in: connection) {
      let row = try connection.queryFirst(
        "SELECT is_open FROM outgoing_slots WHERE chain = $1 AND slot = $2",
        [.text(chain.text), .text(OutgoingSlot.outpoint(outpoint).description)])
      guard let row else {
        free = free ?? outpoint
        continue
      }
      // Had it been one of ours, this one would be forgotten.
      guard try row.flag("is_open") else { return .isUnclear(id) }
    }
    return free.map { .coins([$0]) } ?? .waits(for: id)
  }

  /// Whether a person must say that a refund wasn't paid by what has spent the coin, or used the
  /// nonce, of a transaction that was given up for it or for one of its payment's that has ended.
  static func isUnclear(
    _ terms: RefundTerms, in connection: any SQLConnection
  ) throws -> Bool {
    guard terms.chainID != nil else {
      guard case .isUnclear = try claim(on: terms, in: connection) else { return false }
      return true
    }
    return try nonceClaims(on: terms, in: connection).contains(where: \.isUnclear)
  }

  // MARK: Nonces

  /// A nonce that a transaction which was given up would have.
  struct NonceClaim: Equatable {
    let id: String
    let slot: OutgoingSlot
    /// Whether a transaction that isn't ours has finally used it.
    let isUnclear: Bool
  }

  /// What given-up transactions of EVM accounts ask of a refund's next one: those that would pay
  /// it, or one of the same payment's that has ended. Another live one's pays that one alone.
  static func nonceClaims(
    on terms: RefundTerms, in connection: any SQLConnection
  ) throws -> [NonceClaim] {
    let refunds = try connection.query(
      "SELECT refund_id, status FROM refunds WHERE payment_id = $1 ORDER BY refund_id",
      [.text(terms.payment)])
    var claims: [NonceClaim] = []
    for row in refunds {
      let refund = try row.text("refund_id")
      guard let status = RefundStatus(rawValue: try row.text("status")) else {
        throw CorruptRow.column("status")
      }
      guard refund == terms.id || !status.isLive else { continue }
      for id in try paying(refund, on: terms.chain, in: connection) {
        for slot in try slots(of: id, in: connection) {
          let used = try connection.queryFirst(
            "SELECT is_open FROM outgoing_slots WHERE chain = $1 AND slot = $2",
            [.text(terms.chain.text), .text(slot.description)])
          // Had it been one of ours, this one would be forgotten.
          let isUnclear = try used.map { try !$0.flag("is_open") } ?? false
          // Somebody has looked, and said that it wasn't paid.
          if isUnclear, status == .failed { continue }
          claims.append(NonceClaim(id: id, slot: slot, isUnclear: isUnclear))
        }
      }
    }
    return claims
  }
}
