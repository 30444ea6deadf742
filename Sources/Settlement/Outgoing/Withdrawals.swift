internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Watching

/// What the shop may take for itself, and where to.
enum Withdrawals {
  /// The address in its chain's own form; one of ours is refused, for that would be a sweep.
  static func recipient(
    _ text: String, of asset: Asset, on spec: ChainSpec, in connection: any SQLConnection
  ) throws -> String {
    let address = try RefundService.checked(address: text, asset: asset, on: spec)
    try RefundService.checkForeign(address, spec, in: connection)
    return address
  }

  /// What the tenant's refunds will take that no transaction pays yet, in minor units; saturates.
  static func owed(
    _ tenant: String, on chain: ChainName, _ contract: Hash20?, in connection: any SQLConnection
  ) throws -> UInt256 {
    try connection.query(
      "SELECT amount FROM refunds WHERE \(waiting) AND contract = $3",
      [.text(chain.text), .text(tenant), .contract(contract)]
    ).reduce(.zero) { (try? $0.adding(try $1.amount("amount"))) ?? .max }
  }

  /// How many refunds of any asset wait, each of which will cost a fee.
  static func waiting(
    _ tenant: String, on chain: ChainName, in connection: any SQLConnection
  ) throws -> Int {
    Int(
      try connection.queryFirst(
        "SELECT COUNT(*) AS number FROM refunds WHERE \(waiting)",
        [.text(chain.text), .text(tenant)]
      )?.integer("number") ?? 0)
  }

  private static let waiting = """
    status IN ('requested', 'approved') AND chain = $1 AND tenant = $2
    """

  /// What came to an account in final blocks, less all that transactions of ours have taken of it
  /// or may take (EVM chains).
  static func held(
    by account: Hash20, of contract: Hash20?, on spec: ChainSpec, in connection: any SQLConnection
  ) throws -> UInt256 {
    guard let cursor = try ChainRecords.cursor(of: spec.name, in: connection),
      let row = try connection.queryFirst(
        "SELECT ordinal FROM addresses WHERE script = $1", [.blob(account.bytes)])
    else { return .zero }
    let deep = cursor.tip.height.subtractingReportingOverflow(max(spec.finalityDepth, 1) - 1)
    var height = deep.overflow ? 0 : deep.partialValue
    if spec.finalityTag != nil { height = min(height, cursor.finalized?.height ?? 0) }
    let ordinal = try row.ordinal("ordinal")
    let received =
      try HoldingRecords.holdings(
        of: ordinal...ordinal, on: spec, upTo: height, in: connection)[ordinal]?[contract]?
      .received ?? .zero
    let taken = try taken(of: account, contract, on: spec.name, in: connection)
    return received.subtractingOrZero(taken)
  }

  /// Of transactions with one nonce, what the greatest of them takes.
  private static func taken(
    of account: Hash20, _ contract: Hash20?, on chain: ChainName, in connection: any SQLConnection
  ) throws -> UInt256 {
    let rows = try connection.query(
      """
      SELECT outgoing.* FROM outgoing WHERE outgoing_id IN (
        SELECT outgoing_id FROM outgoing_slot_uses WHERE chain = $1 AND slot LIKE $2)
      """, [.text(chain.text), .text("0x\(account.hex)/%")])
    var taken: [OutgoingSlot: UInt256] = [:]
    for row in rows {
      let transaction = try OutgoingRecords.transaction(row, in: connection)
      guard let slot = transaction.slots.first else { continue }
      taken[slot] = max(taken[slot] ?? .zero, transaction.taken(of: contract))
    }
    return taken.values.reduce(.zero) { (try? $0.adding($1)) ?? .max }
  }
}

extension OutgoingTransaction {
  /// What it has taken of its account, or may while no block holds it; saturates.
  fileprivate func taken(of contract: Hash20?) -> UInt256 {
    if sighting != nil {
      return ledgerEntries.filter { $0.contract == contract }.flatMap(\.postings)
        .filter { $0.account == .treasury }.reduce(.zero) { (try? $0.adding($1.amount)) ?? .max }
    }
    guard status.isPending else { return .zero }
    return payouts.filter { $0.contract == contract }
      .reduce(contract == nil ? maximumFee : .zero) { (try? $0.adding($1.amount)) ?? .max }
  }
}
