internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Database
internal import Keys

// What there is to spend, and where change goes.
extension BitcoinPayouts {
  private static let coinColumns = """
    transfers.txid, transfers.position, transfers.value, addresses.child_index, addresses.address,
      accounts.descriptor, transfer_proofs.transaction_bytes
    """
  private static let coinTables = """
    transfers
    JOIN addresses ON addresses.family = transfers.family AND addresses.ordinal = transfers.ordinal
    JOIN accounts ON accounts.account_id = addresses.account_id
    LEFT JOIN transfer_proofs ON transfer_proofs.chain = transfers.chain
      AND transfer_proofs.txid = transfers.txid
    """

  /// How many coins are looked at: the greatest by value come in any case.
  private static let maximumCoins = 2_000

  /// The tenant's final coins that nothing has set aside, those of one purpose where it is given.
  func coins(
    of tenant: String, purpose: AccountPurpose? = nil, in connection: any SQLConnection
  ) throws -> [SpendableCoin] {
    var arguments: [SQLValue] = [.text(spec.name.text), .text(tenant)]
    if let purpose { arguments.append(.text(purpose.rawValue)) }
    return try connection.query(
      """
      SELECT \(Self.coinColumns) FROM \(Self.coinTables)
      WHERE transfers.chain = $1 AND transfers.state = 'final' AND accounts.tenant = $2
        \(purpose == nil ? "" : "AND accounts.purpose = $3")
        AND NOT EXISTS (SELECT 1 FROM outgoing_slots AS slots
          WHERE slots.chain = transfers.chain AND slots.txid = transfers.txid
            AND slots.position = transfers.position)
      ORDER BY \(connection.dialect == .sqlite ? "length(transfers.value) DESC, " : "")
        transfers.value DESC, transfers.txid, transfers.position LIMIT \(Self.maximumCoins)
      """, arguments
    ).compactMap { try coin($0) }
  }

  /// Nil where no transfer is known there.
  func coin(
    at outpoint: Outpoint, in connection: any SQLConnection
  ) throws -> SpendableCoin? {
    try connection.queryFirst(
      """
      SELECT \(Self.coinColumns) FROM \(Self.coinTables)
      WHERE transfers.chain = $1 AND transfers.txid = $2 AND transfers.position = $3
      """,
      [.text(spec.name.text), .hash(outpoint.txid), .text("\(outpoint.vout)")]
    ).flatMap { try coin($0) }
  }

  private func coin(_ row: SQLRow) throws -> SpendableCoin? {
    let (descriptor, index) = try (descriptor(row), row.uint32("child_index"))
    guard let vout = UInt32(try row.text("position")),
      let value = try row.amount("value").satoshi,
      let derivation = try PSBTDerivation(descriptor, at: index)
    else { return nil }
    return SpendableCoin(
      outpoint: Outpoint(txid: try row.hash("txid"), vout: vout), value: value,
      output: try BitcoinAddress(row.text("address"), network: network).output,
      derivation: derivation,
      previousTransaction: try row.optionalBlob("transaction_bytes").flatMap {
        try Transaction(bytes: $0)
      })
  }

  private func descriptor(_ row: SQLRow) throws -> Descriptor {
    guard
      case .bitcoin(let descriptor) = try AccountKeys(
        row.text("descriptor"), for: .bitcoin(network))
    else { throw CorruptRow.column("descriptor") }
    return descriptor
  }

  // MARK: Change

  /// A fresh address of the tenant's own that all watchers of the chain watch already; it is the
  /// new transaction's from now on.
  func takeChange(
    for order: Order, in connection: any SQLConnection
  ) throws -> (output: ChangeOutput, address: String) {
    let row = try connection.queryFirst(
      """
      SELECT addresses.ordinal, addresses.address, addresses.child_index, accounts.descriptor
      FROM addresses JOIN accounts ON accounts.account_id = addresses.account_id
      WHERE accounts.tenant = $1 AND accounts.family = 'bitcoin'
        AND accounts.purpose = 'treasury' AND addresses.payment_id IS NULL
        AND addresses.touched = 0
        AND addresses.ordinal <= (SELECT MIN(addresses_through) FROM chains
          WHERE family = 'bitcoin')
      ORDER BY accounts.epoch DESC, addresses.ordinal LIMIT 1
      """, [.text(order.tenant)])
    guard let row else { throw BitcoinPayouts.Failure.noChangeAddress }
    let taken = try connection.execute(
      """
      UPDATE addresses SET payment_id = $1
      WHERE family = 'bitcoin' AND ordinal = $2 AND payment_id IS NULL AND touched = 0
      """, [.text(order.id), .ordinal(row.ordinal("ordinal"))])
    guard taken == 1 else { throw BitcoinPayouts.Failure.noChangeAddress }
    return try change(row)
  }

  /// The output of an address of ours that had the change before.
  func change(
    at address: String, in connection: any SQLConnection
  ) throws -> (output: ChangeOutput, address: String) {
    let row = try connection.queryFirst(
      """
      SELECT addresses.address, addresses.child_index, accounts.descriptor
      FROM addresses JOIN accounts ON accounts.account_id = addresses.account_id
      WHERE addresses.script = $1
      """,
      [.blob(try BitcoinAddress(address, network: network).output.scriptPubKey)])
    guard let row else { throw BitcoinPayouts.Failure.noChangeAddress }
    return try change(row)
  }

  private func change(_ row: SQLRow) throws -> (output: ChangeOutput, address: String) {
    let descriptor = try descriptor(row)
    guard let derivation = try PSBTDerivation(descriptor, at: row.uint32("child_index")),
      let output = ChangeOutput(derivation: derivation, script: descriptor.script)
    else { throw BitcoinPayouts.Failure.noChangeAddress }
    return (output, try row.text("address"))
  }
}
