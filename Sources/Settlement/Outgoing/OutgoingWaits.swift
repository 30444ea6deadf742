internal import ChainTypes
package import Database
package import Payments

/// What is known of transactions beside what they are: for people who look after them.
package struct OutgoingRemarks: Hashable, Sendable {
  /// Why nodes refused it last, or why it ended.
  package let note: String?
  /// Nil while no signed transaction waits for its block.
  package let wait: OutgoingWait?

  package init(note: String?, wait: OutgoingWait?) {
    self.note = note
    self.wait = wait
  }
}

/// Signed transactions that no block holds, in their table: since when, and whether that was told.
package enum OutgoingWaits {
  static func statements(_ dialect: SQLDialect) -> [String] {
    [
      // Heights are the tip's: when it began to wait, and with `stuck` why it was told.
      dialect.createTable(
        "outgoing_waits",
        """
          outgoing_id TEXT PRIMARY KEY REFERENCES outgoing (outgoing_id),
          chain TEXT NOT NULL,
          since_height \(dialect.integer) NOT NULL,
          stuck TEXT
        """),
      "CREATE INDEX outgoing_waits_by_chain ON outgoing_waits (chain, outgoing_id)",
    ]
  }

  static func wait(_ row: SQLRow) throws -> OutgoingWait {
    let stuck = try row.optionalText("stuck").map { text in
      guard let reason = OutgoingWait.Reason(rawValue: text) else {
        throw CorruptRow.column("stuck")
      }
      return reason
    }
    return OutgoingWait(since: try row.uint32("since_height"), stuck: stuck)
  }

  static func write(
    _ wait: OutgoingWait, of id: String, on chain: ChainName, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO outgoing_waits (outgoing_id, chain, since_height, stuck) VALUES ($1, $2, $3, $4)
      ON CONFLICT (outgoing_id) DO UPDATE
      SET since_height = excluded.since_height, stuck = excluded.stuck
      """,
      [
        .text(id), .text(chain.text), .integer(Int64(wait.since)),
        .optional(wait.stuck?.rawValue),
      ])
  }

  /// How many are stuck, by their chains.
  package static func stuckCounts(in connection: any SQLConnection) throws -> [String: Int64] {
    var counts: [String: Int64] = [:]
    for row in try connection.query(
      """
      SELECT chains.chain AS chain, COUNT(waits.stuck) AS stuck FROM chains
      LEFT JOIN outgoing_waits AS waits ON waits.chain = chains.chain GROUP BY chains.chain
      """)
    { counts[try row.text("chain")] = try row.integer("stuck") }
    return counts
  }

  /// By the transactions' ids; at most 1,000 of them.
  package static func remarks(
    on ids: [String], in connection: any SQLConnection
  ) throws -> [String: OutgoingRemarks] {
    guard !ids.isEmpty else { return [:] }
    let places = ids.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
    var remarks: [String: OutgoingRemarks] = [:]
    for row in try connection.query(
      """
      SELECT outgoing.outgoing_id, note, since_height, stuck FROM outgoing
      LEFT JOIN outgoing_waits ON outgoing_waits.outgoing_id = outgoing.outgoing_id
      WHERE outgoing.outgoing_id IN (\(places))
      """, ids.map { .text($0) })
    {
      let isWaiting = try row.optionalInteger("since_height") != nil
      remarks[try row.text("outgoing_id")] = OutgoingRemarks(
        note: try row.optionalText("note"), wait: isWaiting ? try wait(row) : nil)
    }
    return remarks
  }
}
