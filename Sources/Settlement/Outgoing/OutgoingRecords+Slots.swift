internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments

// What becomes of slots when blocks have decided, and when nobody signed.
extension OutgoingRecords {
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
