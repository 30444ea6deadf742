internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import Payments

/// What the tables say that addresses have, at a block.
enum HoldingRecords {
  /// How many rows one question gives at most.
  private static let rowLimit = 5_000
  /// How many slots are looked up at once.
  private static let slotLimit = 200

  /// The next addresses that something may stand on: those that were given to payments, were paid
  /// before, or are our own. In the order of their numbers.
  static func addresses(
    of family: String, tenant: String?, after ordinal: UInt64, limit: Int,
    in connection: any SQLConnection
  ) throws -> [HeldAddress] {
    try connection.query(
      """
      SELECT addresses.ordinal, addresses.address, addresses.script, accounts.tenant
      FROM addresses JOIN accounts ON accounts.account_id = addresses.account_id
      WHERE addresses.family = $1 AND addresses.ordinal > $2
        AND (addresses.payment_id IS NOT NULL OR addresses.touched = 1
          OR accounts.purpose = 'treasury')
        AND ($3 = '' OR accounts.tenant = $3)
      ORDER BY addresses.ordinal LIMIT $4
      """,
      [.text(family), .ordinal(ordinal), .text(tenant ?? ""), .integer(Int64(limit))]
    ).map {
      try HeldAddress(
        ordinal: $0.ordinal("ordinal"), tenant: $0.text("tenant"), text: $0.text("address"),
        script: $0.blob("script"))
    }
  }

  /// Whether the block is in the active chain as it is known.
  static func isActive(
    _ block: BlockRef, on chain: ChainName, in connection: any SQLConnection
  ) throws -> Bool {
    try hash(at: block.height, of: chain, in: connection) == block.hash
  }

  /// Nil above the tip, and below the headers that are kept.
  static func hash(
    at height: UInt32, of chain: ChainName, in connection: any SQLConnection
  ) throws -> Hash32? {
    try connection.queryFirst(
      "SELECT hash FROM headers WHERE chain = $1 AND height = $2",
      [.text(chain.text), .integer(Int64(height))]
    )?.hash("hash")
  }

  // MARK: Transfers

  private struct Received {
    let ordinal: UInt64
    let id: TransferID
    let value: UInt256
    let contract: Hash20?
    let part: Holding.Part

    init(_ row: SQLRow, on chain: ChainName) throws {
      guard let position = TransferPosition(try row.text("position")) else {
        throw CorruptRow.column("position")
      }
      id = TransferID(chain: chain, txid: try row.hash("txid"), position: position)
      ordinal = try row.ordinal("ordinal")
      value = try row.amount("value")
      contract = try row.contract("contract")
      part =
        switch (try row.text("state"), try row.optionalText("detail")) {
        case ("quarantined", "unproven"): .unproven
        case ("quarantined", _), ("released", _), ("refunded", _): .dust
        default: .transfer
        }
    }
  }

  /// Every transfer to addresses with these numbers that stands in a block up to `height`, or may.
  private static func eachReceived(
    by ordinals: ClosedRange<UInt64>, of spec: ChainSpec, upTo height: UInt32,
    in connection: any SQLConnection, _ body: (Received) throws -> Void
  ) throws {
    var last: [SQLValue] = [.ordinal(0), .blob([]), .text("")]
    while true {
      let rows = try connection.query(
        """
        SELECT ordinal, txid, position, value, contract, state, detail FROM transfers
        WHERE family = $1 AND chain = $2 AND ordinal BETWEEN $3 AND $4
          AND (ordinal, txid, position) > ($5, $6, $7)
          AND ((state IN ('included', 'confirmed', 'final') AND block_height <= $8)
            OR state IN ('quarantined', 'released', 'refunded'))
        ORDER BY ordinal, txid, position LIMIT \(rowLimit)
        """,
        [
          .text(spec.family.name), .text(spec.name.text), .ordinal(ordinals.lowerBound),
          .ordinal(ordinals.upperBound),
        ] + last + [.integer(Int64(height))])
      for row in rows { try body(Received(row, on: spec.name)) }
      guard rows.count == rowLimit, let row = rows.last else { return }
      last = try [
        .ordinal(row.ordinal("ordinal")), .hash(row.hash("txid")), .text(row.text("position")),
      ]
    }
  }

  /// The outputs that addresses have at `height`, by their numbers.
  static func coins(
    of ordinals: ClosedRange<UInt64>, on spec: ChainSpec, upTo height: UInt32,
    in connection: any SQLConnection
  ) throws -> [UInt64: [HeldCoin]] {
    var coins: [UInt64: [HeldCoin]] = [:]
    try eachReceived(by: ordinals, of: spec, upTo: height, in: connection) { received in
      guard case .vout(let vout) = received.id.position else { return }
      var isCertain = false
      if case .transfer = received.part { isCertain = true }
      coins[received.ordinal, default: []].append(
        HeldCoin(
          outpoint: Outpoint(txid: received.id.txid, vout: vout), value: received.value,
          isCertain: isCertain))
    }
    let all = coins.values.flatMap { $0 }.map(\.outpoint)
    var used: Set<Outpoint> = []
    for start in stride(from: 0, to: all.count, by: slotLimit) {
      let part = all[start..<min(start + slotLimit, all.count)]
      let places = part.indices.map { "$\($0 - start + 3)" }.joined(separator: ", ")
      let rows = try connection.query(
        """
        SELECT slot FROM outgoing_slots
        WHERE chain = $1 AND used_height <= $2 AND slot IN (\(places))
        """,
        [.text(spec.name.text), .integer(Int64(height))] + part.map { .text($0.description) })
      for row in rows {
        guard case .outpoint(let outpoint)? = OutgoingSlot(try row.text("slot")) else { continue }
        used.insert(outpoint)
      }
    }
    return coins.mapValues { coins in coins.filter { !used.contains($0.outpoint) } }
  }

  /// What addresses have of each asset at `height`, but for what they sent, by their numbers.
  static func holdings(
    of ordinals: ClosedRange<UInt64>, on spec: ChainSpec, upTo height: UInt32,
    in connection: any SQLConnection
  ) throws -> [UInt64: [Hash20?: Holding]] {
    var all: [UInt64: [Hash20?: Holding]] = [:]
    func add(_ value: UInt256, _ ordinal: UInt64, _ contract: Hash20?, as part: Holding.Part) {
      all[ordinal, default: [:]][contract, default: Holding(contract: contract)]
        .add(value, as: part)
    }
    try eachReceived(by: ordinals, of: spec, upTo: height, in: connection) {
      add($0.value, $0.ordinal, $0.contract, as: $0.part)
    }
    let incomes = try connection.query(
      """
      SELECT ordinal, source, value FROM incomes
      WHERE family = $1 AND chain = $2 AND ordinal BETWEEN $3 AND $4 AND block_height <= $5
      """,
      [
        .text(spec.family.name), .text(spec.name.text), .ordinal(ordinals.lowerBound),
        .ordinal(ordinals.upperBound), .integer(Int64(height)),
      ])
    for row in incomes {
      add(
        try row.amount("value"), try row.ordinal("ordinal"), nil,
        as: .income(isUnattributed: try row.text("source") == "unattributed"))
    }
    return all
  }

  /// What our transactions in blocks up to `height` took of each account (EVM chains).
  static func sent(
    on chain: ChainName, upTo height: UInt32, in connection: any SQLConnection
  ) throws -> [Hash20: [Hash20?: Holding]] {
    var sent: [Hash20: [Hash20?: Holding]] = [:]
    try eachOutgoing(on: chain, upTo: height, in: connection) { transaction in
      guard case .nonce(let account, _)? = transaction.slots.first else { return }
      let isEstimated = transaction.sighting?.fee == nil
      for entry in transaction.ledgerEntries {
        for posting in entry.postings where posting.account == .treasury {
          sent[account, default: [:]][entry.contract, default: Holding(contract: entry.contract)]
            .add(
              posting.amount, as: .sent(isEstimated: isEstimated && entry.contract == nil))
        }
      }
    }
    return sent
  }

  private static func eachOutgoing(
    on chain: ChainName, upTo height: UInt32, in connection: any SQLConnection,
    _ body: (OutgoingTransaction) throws -> Void
  ) throws {
    var last = ""
    while true {
      let rows = try connection.query(
        """
        SELECT * FROM outgoing WHERE chain = $1 AND block_height <= $2 AND outgoing_id > $3
        ORDER BY outgoing_id LIMIT \(ReplayCheck.pageSize)
        """, [.text(chain.text), .integer(Int64(height)), .text(last)])
      for row in rows { try body(OutgoingRecords.transaction(row, in: connection)) }
      guard rows.count == ReplayCheck.pageSize, let row = rows.last else { return }
      last = try row.text("outgoing_id")
    }
  }
}
