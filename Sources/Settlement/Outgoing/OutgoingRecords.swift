internal import Aggregates
internal import Bytes
package import ChainTypes
package import Database
internal import Digests
package import EventLog
package import Payments
internal import Watching

/// Outgoing transactions in their tables, with what they use up.
package enum OutgoingRecords {
  static func statements(_ dialect: SQLDialect) -> [String] {
    let (integer, blob, amount) = (dialect.integer, dialect.blob, dialect.amount)
    let tables = [
      dialect.createTable(
        "outgoing",
        """
          outgoing_id TEXT PRIMARY KEY,
          tenant TEXT NOT NULL,
          chain TEXT NOT NULL,
          purpose TEXT NOT NULL,
          replaces TEXT REFERENCES outgoing (outgoing_id),
          payouts TEXT NOT NULL,
          maximum_fee \(amount) NOT NULL,
          unsigned TEXT NOT NULL,
          key_path TEXT,
          created_at \(integer) NOT NULL,
          status TEXT NOT NULL,
          version \(integer) NOT NULL CHECK (version >= 0),
          raw \(blob),
          txid \(blob),
          block_height \(integer),
          block_hash \(blob),
          succeeded \(integer),
          fee \(amount),
          sent_at \(integer),
          note TEXT,
          updated_at \(integer) NOT NULL
        """),
      "CREATE INDEX outgoing_by_tenant ON outgoing (tenant, outgoing_id)",
      "CREATE INDEX outgoing_by_status ON outgoing (chain, status, outgoing_id)",
      "CREATE INDEX outgoing_by_block ON outgoing (chain, block_height)",
      "CREATE UNIQUE INDEX outgoing_by_txid ON outgoing (chain, txid)",
      // `txid` and `position` are a coin's, as its transfer has them. What is used up, or set aside
      // to be: a coin or a nonce is one transaction's, and those's that replace it, which share its
      // `root`. Open until one of them is final.
      dialect.createTable(
        "outgoing_slots",
        """
          chain TEXT NOT NULL,
          slot TEXT NOT NULL,
          txid \(blob),
          position TEXT,
          root TEXT NOT NULL,
          is_open \(integer) NOT NULL CHECK (is_open IN (0, 1)),
          used_by \(blob),
          used_succeeded \(integer),
          used_fee \(amount),
          used_height \(integer),
          used_hash \(blob),
          PRIMARY KEY (chain, slot)
        """),
      "CREATE INDEX outgoing_slots_of_coin ON outgoing_slots (chain, txid, position)",
      "CREATE INDEX outgoing_slots_open ON outgoing_slots (chain, slot) WHERE is_open = 1",
      "CREATE INDEX outgoing_slots_of ON outgoing_slots (root)",
      dialect.createTable(
        "outgoing_slot_uses",
        """
          chain TEXT NOT NULL,
          slot TEXT NOT NULL,
          outgoing_id TEXT NOT NULL REFERENCES outgoing (outgoing_id),
          PRIMARY KEY (chain, slot, outgoing_id)
        """),
      "CREATE INDEX outgoing_slot_uses_of ON outgoing_slot_uses (outgoing_id)",
      // Which transfers' value a sweep of an account takes away.
      dialect.createTable(
        "outgoing_sweeps",
        """
          chain TEXT NOT NULL,
          txid \(blob) NOT NULL,
          position TEXT NOT NULL,
          outgoing_id TEXT NOT NULL REFERENCES outgoing (outgoing_id),
          PRIMARY KEY (chain, txid, position)
        """),
      "CREATE INDEX outgoing_sweeps_of ON outgoing_sweeps (outgoing_id)",
      dialect.createTable(
        "outgoing_nonces",
        """
          chain TEXT NOT NULL,
          account TEXT NOT NULL,
          next_nonce \(integer) NOT NULL CHECK (next_nonce >= 0),
          PRIMARY KEY (chain, account)
        """),
      // Counts the reservations of slots: a watcher's step that looked for fewer is stale.
      "ALTER TABLE chains ADD COLUMN slots_version \(integer) NOT NULL DEFAULT 0",
    ]
    guard dialect == .postgreSQL else { return tables }
    // Made and followed by the pipeline alone.
    return tables
      + RowSecurity.protect("outgoing", rows: "tenant = \(RowSecurity.currentTenant)")
  }

  /// Accounts of which transactions wait for their block, or for its finality.
  static func busyAccounts(
    on chain: ChainName, in connection: any SQLConnection
  ) throws -> Set<Hash20> {
    let slots = try connection.query(
      "SELECT slot FROM outgoing_slots WHERE chain = $1 AND is_open = 1", [.text(chain.text)]
    ).map { try OutgoingSlot($0.text("slot")) }
    return Set(
      slots.compactMap {
        if case .nonce(let account, _)? = $0 { account } else { nil }
      })
  }

  /// Whether a transfer is ether of ours for the gas of a sweep: nobody's payment.
  static func isFunding(_ id: TransferID, in connection: any SQLConnection) throws -> Bool {
    try connection.queryFirst(
      "SELECT 1 AS one FROM outgoing WHERE chain = $1 AND txid = $2 AND purpose = 'gas'",
      [.text(id.chain.text), .hash(id.txid)]) != nil
  }

  static func slotsVersion(
    of chain: ChainName, in connection: any SQLConnection
  ) throws -> Int64 {
    try connection.queryFirst(
      "SELECT slots_version FROM chains WHERE chain = $1", [.text(chain.text)]
    )?.integer("slots_version") ?? 0
  }

  /// Nil where there is none.
  ///
  /// - Parameter locking: holds it until the transaction ends: for who changes it
  package static func load(
    _ id: String, locking: Bool = true, in connection: any SQLConnection
  ) throws -> OutgoingTransaction? {
    try connection.queryFirst(
      "SELECT * FROM outgoing WHERE outgoing_id = $1"
        + (locking ? connection.dialect.forUpdate : ""), [.text(id)]
    ).map { try transaction($0, in: connection) }
  }

  /// Those of a chain (of any where nil) in these states, in the order in which they were made.
  package static func list(
    on chain: ChainName? = nil, tenant: String? = nil, in statuses: [OutgoingStatus],
    after id: String? = nil, limit: Int, in connection: any SQLConnection
  ) throws -> [OutgoingTransaction] {
    let words = statuses.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    var (conditions, arguments) = (["status IN (\(words))"], [SQLValue]())
    for (column, value) in [
      ("chain =", chain?.text), ("tenant =", tenant), ("outgoing_id >", id),
    ] {
      guard let value else { continue }
      arguments.append(.text(value))
      conditions.append("\(column) $\(arguments.count)")
    }
    arguments.append(.integer(Int64(limit)))
    return try connection.query(
      """
      SELECT * FROM outgoing WHERE \(conditions.joined(separator: " AND "))
      ORDER BY outgoing_id LIMIT $\(arguments.count)
      """, arguments
    ).map { try transaction($0, in: connection) }
  }

  /// Those that share slots, in the order in which they were made.
  static func family(
    of root: String, in connection: any SQLConnection
  ) throws -> [OutgoingTransaction] {
    try connection.query(
      """
      SELECT * FROM outgoing WHERE outgoing_id IN (
        SELECT uses.outgoing_id FROM outgoing_slot_uses AS uses
        JOIN outgoing_slots ON outgoing_slots.chain = uses.chain
          AND outgoing_slots.slot = uses.slot
        WHERE outgoing_slots.root = $1)
      ORDER BY outgoing_id\(connection.dialect.forUpdate)
      """, [.text(root)]
    ).map { try transaction($0, in: connection) }
  }

  static func transaction(
    _ row: SQLRow, in connection: any SQLConnection
  ) throws -> OutgoingTransaction {
    let id = try row.text("outgoing_id")
    let slots = try connection.query(
      "SELECT slot FROM outgoing_slot_uses WHERE outgoing_id = $1 ORDER BY slot", [.text(id)]
    ).map { row in
      guard let slot = OutgoingSlot(try row.text("slot")) else { throw CorruptRow.column("slot") }
      return slot
    }
    guard let purpose = OutgoingPurpose(rawValue: try row.text("purpose")),
      let status = OutgoingStatus(rawValue: try row.text("status"))
    else { throw CorruptRow.column("status") }
    var sighting: OutgoingTransaction.Sighting?
    if let hash = try row.optionalHash("block_hash") {
      sighting = .init(
        block: BlockRef(height: try row.uint32("block_height"), hash: hash),
        succeeded: try row.flag("succeeded"),
        fee: try row.optionalText("fee") == nil ? nil : row.amount("fee"),
        tokens: try row.optionalText("tokens_left") == nil
          ? nil : .init(left: row.amount("tokens_left"), arrived: row.amount("tokens_arrived")))
    }
    return try OutgoingTransaction(
      id: id, tenant: row.text("tenant"), chain: row.chain("chain"), purpose: purpose,
      slots: slots, replaces: row.optionalText("replaces"),
      payouts: CanonicalJSON.value(
        [OutgoingTransaction.Payout].self, from: row.text("payouts")),
      maximumFee: row.amount("maximum_fee"), unsigned: row.text("unsigned"),
      keyPath: row.optionalText("key_path"), createdAt: row.time("created_at"), status: status,
      raw: row.optionalBlob("raw"), txid: row.optionalHash("txid"), sighting: sighting)
  }
}

// MARK: Writing

extension OutgoingRecords {
  /// A coin or nonce is another transaction's.
  package struct SlotTaken: Error, Equatable {
    package let slot: OutgoingSlot
    package let by: String
  }

  /// Writes a new transaction, sets its slots aside and tells the watchers of them; what it tells.
  /// From then on a block that uses the slots up is noticed.
  package static func insert(
    _ transaction: OutgoingTransaction, now: Timestamp, in connection: any SQLConnection
  ) throws -> [EventDraft] {
    try checkNew(transaction, in: connection)
    try connection.execute(
      """
      INSERT INTO outgoing (outgoing_id, tenant, chain, purpose, replaces, payouts, maximum_fee,
        unsigned, key_path, created_at, status, version, txid, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13)
      """,
      [
        .text(transaction.id), .text(transaction.tenant), .text(transaction.chain.text),
        .text(transaction.purpose.rawValue), .optional(transaction.replaces),
        .text(try CanonicalJSON.text(transaction.payouts)), .amount(transaction.maximumFee),
        .text(transaction.unsigned), .optional(transaction.keyPath),
        .time(transaction.createdAt), .text(transaction.status.rawValue),
        .optional(transaction.txid?.bytes), .time(now),
      ])
    let root = try transaction.replaces.map { try self.root(of: $0, in: connection) }
    for slot in transaction.slots {
      try reserve(slot, for: transaction, root: root ?? transaction.id, in: connection)
    }
    // Under the row's lock, which watchers' commits take too.
    try connection.execute(
      "UPDATE chains SET slots_version = slots_version + 1 WHERE chain = $1",
      [.text(transaction.chain.text)])
    return try tell(.built, of: transaction, version: 0, now: now, in: connection)
  }

  /// The same coins or nonce, payees and fee make the same transaction. Where it was given up
  /// before, its txid is the new one's from now on.
  private static func checkNew(
    _ transaction: OutgoingTransaction, in connection: any SQLConnection
  ) throws {
    let chain = SQLValue.text(transaction.chain.text)
    guard let txid = transaction.txid else {
      // What nobody has signed is told by what is to be signed.
      for slot in transaction.slots {
        let other = try connection.queryFirst(
          """
          SELECT outgoing.outgoing_id FROM outgoing_slot_uses AS uses
          JOIN outgoing ON outgoing.outgoing_id = uses.outgoing_id
          WHERE uses.chain = $1 AND uses.slot = $2 AND outgoing.unsigned = $3
          """, [chain, .text(slot.description), .text(transaction.unsigned)])
        if let other { throw PayoutRefusal.madeAlready(as: try other.text("outgoing_id")) }
        let same = try GivenUpTransactions.doing(
          transaction.unsigned, with: slot, on: transaction.chain, in: connection)
        if let same { try GivenUpTransactions.forget(same, in: connection) }
      }
      return
    }
    let key = [chain, .hash(txid)]
    let same = try connection.query(
      """
      UPDATE outgoing SET txid = NULL
      WHERE chain = $1 AND txid = $2 AND status = 'canceled' AND block_hash IS NULL
      RETURNING outgoing_id
      """, key)
    for row in same { try GivenUpTransactions.forget(row.text("outgoing_id"), in: connection) }
    let other = try connection.queryFirst(
      "SELECT outgoing_id FROM outgoing WHERE chain = $1 AND txid = $2", key)
    if let other { throw PayoutRefusal.madeAlready(as: try other.text("outgoing_id")) }
  }

  static func root(
    of id: String, in connection: any SQLConnection
  ) throws -> String {
    let row = try connection.queryFirst(
      """
      SELECT root FROM outgoing_slots JOIN outgoing_slot_uses
        ON outgoing_slot_uses.chain = outgoing_slots.chain
        AND outgoing_slot_uses.slot = outgoing_slots.slot
      WHERE outgoing_slot_uses.outgoing_id = $1 LIMIT 1
      """, [.text(id)])
    guard let root = try row?.text("root") else { throw CorruptRow.column("replaces") }
    return root
  }

  private static func reserve(
    _ slot: OutgoingSlot, for transaction: OutgoingTransaction, root: String,
    in connection: any SQLConnection
  ) throws {
    let key: [SQLValue] = [.text(transaction.chain.text), .text(slot.description)]
    try connection.execute(
      """
      INSERT INTO outgoing_slots (chain, slot, root, txid, position, is_open)
      VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (chain, slot) DO NOTHING
      """,
      key + [
        .text(root), .optional(slot.outpoint?.txid.bytes),
        .optional(slot.outpoint.map { "\($0.vout)" }),
      ])
    let row = try connection.queryFirst(
      "SELECT root, is_open FROM outgoing_slots WHERE chain = $1 AND slot = $2", key)
    guard let row, try row.text("root") == root, try row.flag("is_open") else {
      throw SlotTaken(slot: slot, by: try row?.text("root") ?? "")
    }
    try connection.execute(
      "INSERT INTO outgoing_slot_uses (chain, slot, outgoing_id) VALUES ($1, $2, $3)",
      key + [.text(transaction.id)])
  }

  /// Moves a transaction to a status, with what is known of it by then; what that tells.
  static func move(
    _ transaction: inout OutgoingTransaction, to status: OutgoingStatus, note: String? = nil,
    now: Timestamp, in connection: any SQLConnection
  ) throws -> [EventDraft] {
    let before = transaction.status
    transaction.status = status
    let sighting = transaction.sighting
    let row = try connection.queryFirst(
      """
      UPDATE outgoing SET status = $1, version = version + 1, raw = $2, txid = $3,
        block_height = $4, block_hash = $5, succeeded = $6, fee = $7,
        note = COALESCE($8, note), updated_at = $9, tokens_left = $11, tokens_arrived = $12
      WHERE outgoing_id = $10 RETURNING version
      """,
      [
        .text(status.rawValue), .optional(transaction.raw), .optional(transaction.txid?.bytes),
        .optional(sighting.map { Int64($0.block.height) }),
        .optional(sighting?.block.hash.bytes), .optional(sighting.map { $0.succeeded ? 1 : 0 }),
        .optional(sighting?.fee?.decimal), .optional(note), .time(now), .text(transaction.id),
        .optional(sighting?.tokens?.left.decimal), .optional(sighting?.tokens?.arrived.decimal),
      ])
    guard let version = try row?.integer("version") else {
      throw CorruptRow.column("outgoing_id")
    }
    guard before != status else { return [] }
    if !status.isPending, status != .final {
      // What it didn't take may be swept again.
      try connection.execute(
        "DELETE FROM outgoing_sweeps WHERE outgoing_id = $1", [.text(transaction.id)])
    }
    return try tell(status, of: transaction, version: version, now: now, in: connection)
  }

  /// What a sweep's or withdrawal's own steps tell; a refund's are told by the refunds it pays.
  private static func tell(
    _ status: OutgoingStatus, of transaction: OutgoingTransaction, version: Int64, now: Timestamp,
    in connection: any SQLConnection
  ) throws -> [EventDraft] {
    guard transaction.purpose != .refund else { return [] }
    let text = OutgoingDocument.json(of: transaction)
    return [
      EventDraft(
        type: "\(transaction.purpose.eventPrefix).\(status.rawValue)", subject: transaction.id,
        tenant: transaction.tenant,
        cause: SHA256.hash(Array("\(transaction.id)\n\(version)\n\(text)".utf8)), time: now,
        data: text)
    ]
  }
}
