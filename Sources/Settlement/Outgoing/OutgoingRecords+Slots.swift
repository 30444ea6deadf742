internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Watching

// Which slots watchers look for, and what becomes of them when blocks have decided, and when nobody
// signed.
extension OutgoingRecords {
  /// A reorg no deeper than this shows again what final blocks used up.
  private static let watchedDepth: Int64 = 1_000

  /// What watchers look for: what is open, and what was used up for good not long ago, which the
  /// blocks of another branch may use again.
  static func openSlots(
    on chain: ChainName, in connection: any SQLConnection
  ) throws -> OpenSlots {
    let version = try slotsVersion(of: chain, in: connection)
    guard version > 0 else { return .none }
    // Each half by an index of its own: what was used up long ago isn't looked at.
    let watched = """
      SELECT slot FROM outgoing_slots WHERE chain = $1 AND is_open = 1
      UNION
      SELECT slot FROM outgoing_slots WHERE chain = $1 AND used_height >
        (SELECT tip_height FROM chains WHERE chain = $1) - \(watchedDepth)
      """
    let slots = try connection.query(watched, [.text(chain.text)]).map { row in
      guard let slot = OutgoingSlot(try row.text("slot")) else { throw CorruptRow.column("slot") }
      return slot
    }
    let txids = try connection.query(
      """
      SELECT DISTINCT outgoing.txid AS txid FROM (\(watched)) AS watched
      JOIN outgoing_slot_uses AS uses ON uses.chain = $1 AND uses.slot = watched.slot
      JOIN outgoing ON outgoing.outgoing_id = uses.outgoing_id
      WHERE outgoing.txid IS NOT NULL
      """, [.text(chain.text)]
    ).map { try $0.hash("txid") }
    let givenUp = try GivenUpTransactions.slots(on: chain, in: connection)
    return OpenSlots(slots: Set(slots + givenUp), txids: Set(txids), version: version)
  }

  /// Which slots of `root` blocks up to a height have used up.
  static func used(
    of root: String, through height: UInt32, in connection: any SQLConnection
  ) throws -> Set<OutgoingSlot> {
    Set(
      try connection.query(
        """
        SELECT slot FROM outgoing_slots
        WHERE root = $1 AND used_hash IS NOT NULL AND used_height <= $2
        """, [.text(root), .integer(Int64(height))]
      ).map { row in
        guard let slot = OutgoingSlot(try row.text("slot")) else {
          throw CorruptRow.column("slot")
        }
        return slot
      })
  }

  /// Whether a block of the active chain has used up any of its slots.
  static func isUsed(
    anyOf transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws -> Bool {
    try connection.queryFirst(
      """
      SELECT 1 AS one FROM outgoing_slot_uses AS uses JOIN outgoing_slots AS slots
        ON slots.chain = uses.chain AND slots.slot = uses.slot
      WHERE uses.outgoing_id = $1 AND slots.used_hash IS NOT NULL LIMIT 1
      """, [.text(transaction.id)]) != nil
  }

  /// Ends the watch for what is used up for good, and frees what nothing uses that can still be
  /// mined.
  static func close(
    _ root: String, through height: UInt32, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      UPDATE outgoing_slots SET is_open = 0
      WHERE root = $1 AND used_hash IS NOT NULL AND used_height <= $2
      """, [.text(root), .integer(Int64(height))])
    let pending = """
      SELECT 1 FROM outgoing_slot_uses AS uses
      JOIN outgoing ON outgoing.outgoing_id = uses.outgoing_id
      WHERE uses.chain = outgoing_slots.chain AND uses.slot = outgoing_slots.slot
        AND outgoing.status IN ('built', 'signed', 'broadcast', 'confirmed')
      """
    let free = try connection.query(
      """
      SELECT chain, slot FROM outgoing_slots
      WHERE root = $1 AND used_hash IS NULL AND NOT EXISTS (\(pending))
      """, [.text(root)])
    for row in free {
      let key: [SQLValue] = [.text(try row.text("chain")), .text(try row.text("slot"))]
      try connection.execute(
        "DELETE FROM outgoing_slot_uses WHERE chain = $1 AND slot = $2", key)
      try connection.execute("DELETE FROM outgoing_slots WHERE chain = $1 AND slot = $2", key)
    }
  }

  /// Frees what a transaction that nobody signed had set aside.
  static func release(
    _ transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "DELETE FROM outgoing_slot_uses WHERE outgoing_id = $1", [.text(transaction.id)])
    for slot in transaction.slots {
      try connection.execute(
        """
        DELETE FROM outgoing_slots WHERE chain = $1 AND slot = $2 AND NOT EXISTS (
          SELECT 1 FROM outgoing_slot_uses AS uses
          WHERE uses.chain = outgoing_slots.chain AND uses.slot = outgoing_slots.slot)
        """, [.text(transaction.chain.text), .text(slot.description)])
    }
  }
}
