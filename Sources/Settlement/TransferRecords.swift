internal import Bytes
internal import ChainTracking
internal import ChainTypes
internal import Database
internal import EventLog
internal import Payments

/// Transfers in their tables, one row each for ever.
enum TransferRecords {
  private static let columns = """
    chain, txid, position, ordinal, value, is_coinbase, confirmations, finality, state, detail,
    block_height, block_hash, block_time, first_seen, contract
    """

  static func find(
    _ ids: [TransferID], in connection: any SQLConnection
  ) throws -> [TrackedTransfer] {
    try ids.compactMap { id in
      let row = try connection.queryFirst(
        "SELECT \(columns) FROM transfers WHERE chain = $1 AND txid = $2 AND position = $3",
        [.text(id.chain.text), .hash(id.txid), .text(id.position.description)])
      return try row.map { try transfer($0, in: connection) }
    }
  }

  /// Those of the chain that may still change: all that wait or aren't final, and those dropped
  /// that were first seen since `time`. Whoever spends the coins of a dropped one has replaced it,
  /// which only a watcher that knows its inputs can tell.
  static func unfinished(
    on chain: ChainName, droppedSince time: Timestamp, in connection: any SQLConnection
  ) throws -> [TrackedTransfer] {
    let waiting = try connection.query(
      """
      SELECT \(columns) FROM transfers
      WHERE chain = $1 AND state IN ('seen', 'included', 'confirmed', 'orphaned')
      ORDER BY first_seen
      """, [.text(chain.text)])
    let dropped = try connection.query(
      """
      SELECT \(columns) FROM transfers
      WHERE chain = $1 AND state = 'dropped' AND first_seen >= $2
      ORDER BY first_seen
      """, [.text(chain.text), .time(time)])
    return try (waiting + dropped).map { try transfer($0, in: connection) }
  }

  /// Those that stand in blocks above `height`.
  static func inBlocks(
    above height: UInt32, of chain: ChainName, in connection: any SQLConnection
  ) throws -> [TrackedTransfer] {
    guard height < .max else { return [] }
    return try inBlocks(height + 1...UInt32.max, of: chain, in: connection)
  }

  /// Those that stand in blocks of these heights.
  static func inBlocks(
    _ heights: ClosedRange<UInt32>, of chain: ChainName, in connection: any SQLConnection
  ) throws -> [TrackedTransfer] {
    try connection.query(
      """
      SELECT \(columns) FROM transfers
      WHERE chain = $1 AND block_height BETWEEN $2 AND $3
        AND state IN ('included', 'confirmed', 'final')
      ORDER BY block_height, txid, position
      """,
      [
        .text(chain.text), .integer(Int64(heights.lowerBound)),
        .integer(Int64(heights.upperBound)),
      ]
    ).map { try transfer($0, in: connection) }
  }

  /// All that ever came to an address on the chain, whatever became of it.
  static func paying(
    _ ordinal: UInt64, on chain: ChainName, in connection: any SQLConnection
  ) throws -> [TrackedTransfer] {
    try connection.query(
      """
      SELECT \(columns) FROM transfers WHERE family = (SELECT family FROM chains WHERE chain = $1)
        AND ordinal = $2 AND chain = $1
      """, [.text(chain.text), .ordinal(ordinal)]
    ).map { try transfer($0, in: connection) }
  }

  static func save(
    _ transfer: TrackedTransfer, family: String, in connection: any SQLConnection
  ) throws {
    let block = transfer.state.block
    let inserted = try connection.execute(
      """
      INSERT INTO transfers (chain, txid, position, family, ordinal, value, is_coinbase,
        confirmations, finality, state, detail, block_height, block_hash, block_time, first_seen,
        contract)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
      ON CONFLICT (chain, txid, position) DO NOTHING
      """,
      [
        .text(transfer.id.chain.text), .hash(transfer.id.txid),
        .text(transfer.id.position.description),
        .text(family), .ordinal(transfer.ordinal), .amount(transfer.value),
        .flag(transfer.isCoinbase), .integer(Int64(transfer.requirement.confirmations)),
        .integer(Int64(transfer.requirement.finality)), .text(transfer.state.name),
        .optional(detail(of: transfer.state)), .optional(block.map { Int64($0.height) }),
        .optional(block?.hash.bytes), .optional(transfer.blockTime?.microseconds),
        .time(transfer.firstSeen), .contract(transfer.contract),
      ])
    if inserted == 1 {
      try saveInputs(of: transfer, in: connection)
      return
    }
    try connection.execute(
      """
      UPDATE transfers SET state = $1, detail = $2, block_height = $3, block_hash = $4,
        block_time = $5, ordinal = $9, value = $10, contract = $11, confirmations = $12,
        finality = $13
      WHERE chain = $6 AND txid = $7 AND position = $8
      """,
      [
        .text(transfer.state.name), .optional(detail(of: transfer.state)),
        .optional(block.map { Int64($0.height) }), .optional(block?.hash.bytes),
        .optional(transfer.blockTime?.microseconds), .text(transfer.id.chain.text),
        .hash(transfer.id.txid), .text(transfer.id.position.description),
        .ordinal(transfer.ordinal), .amount(transfer.value), .contract(transfer.contract),
        .integer(Int64(transfer.requirement.confirmations)),
        .integer(Int64(transfer.requirement.finality)),
      ])
  }

  private static func saveInputs(
    of transfer: TrackedTransfer, in connection: any SQLConnection
  ) throws {
    for (place, input) in transfer.inputs.enumerated() {
      try connection.execute(
        """
        INSERT INTO transfer_inputs (chain, txid, place, previous_txid, previous_vout)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (chain, txid, place) DO NOTHING
        """,
        [
          .text(transfer.id.chain.text), .hash(transfer.id.txid), .integer(Int64(place)),
          .hash(input.txid), .integer(Int64(input.vout)),
        ])
    }
  }

  private static func transfer(
    _ row: SQLRow, in connection: any SQLConnection
  ) throws -> TrackedTransfer {
    let (chain, txid) = (try row.chain("chain"), try row.hash("txid"))
    let inputs = try connection.query(
      """
      SELECT previous_txid, previous_vout FROM transfer_inputs
      WHERE chain = $1 AND txid = $2 ORDER BY place
      """, [.text(chain.text), .hash(txid)]
    ).map { input in
      try Outpoint(txid: input.hash("previous_txid"), vout: input.uint32("previous_vout"))
    }
    guard let position = TransferPosition(try row.text("position")) else {
      throw CorruptRow.column("position")
    }
    return try TrackedTransfer(
      id: TransferID(chain: chain, txid: txid, position: position),
      ordinal: row.ordinal("ordinal"), value: row.amount("value"),
      contract: row.contract("contract"), inputs: inputs,
      isCoinbase: row.flag("is_coinbase"),
      requirement: ConfirmationRequirement(
        confirmations: row.uint32("confirmations"), finality: row.uint32("finality")),
      state: state(row), firstSeen: row.time("first_seen"),
      blockTime: row.optionalInteger("block_time").map(Timestamp.init(microseconds:)))
  }

  // MARK: States

  /// What a state holds besides its name and its block.
  private static func detail(of state: TransferState) -> String? {
    switch state {
    case .replaced(let txid): txid.displayHex
    case .quarantined(let reason): reason.rawValue
    default: nil
    }
  }

  private static func state(_ row: SQLRow) throws -> TransferState {
    func block() throws -> BlockRef {
      try BlockRef(height: row.uint32("block_height"), hash: row.hash("block_hash"))
    }
    switch try row.text("state") {
    case "seen": return .seen
    case "included": return .included(try block())
    case "confirmed": return .confirmed(try block())
    case "final": return .final(try block())
    case "orphaned": return .orphaned(try block())
    case "dropped": return .dropped
    case "failed": return .failed
    case "released": return .released
    case "refunded": return .refunded
    case "replaced": return .replaced(by: try Hash32(displayHex: row.text("detail")))
    case "quarantined":
      guard let reason = QuarantineReason(rawValue: try row.text("detail")) else {
        throw CorruptRow.column("detail")
      }
      return .quarantined(reason)
    default: throw CorruptRow.column("state")
    }
  }
}

extension PaymentTransfer {
  /// What a payment keeps of a tracked transfer.
  init(_ tracked: TrackedTransfer) throws {
    guard let state = State(rawValue: tracked.state.name) else {
      throw CorruptRow.column("state")
    }
    self.init(
      id: tracked.id, value: tracked.value, state: state, block: tracked.state.block,
      firstSeen: tracked.firstSeen, blockTime: tracked.blockTime)
  }
}
