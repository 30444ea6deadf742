package import Bytes
internal import ChainTypes
internal import Database
internal import EventLog
package import Payments

/// Why no transaction is made, on a chain of whichever family. Nothing was written.
package enum PayoutRefusal: Error, Equatable {
  /// The chain is halted: what is final there isn't known.
  case halted(String)
  /// The database was brought back from a backup, and what was paid since isn't in it: it hasn't
  /// been compared with the chain.
  case unreconciled(epoch: Int64)
  case notFound(String)
  case noRefund(String)
  /// A refund that was asked for isn't approved, or its changed address still cools down.
  case notDue(String, RefundStatus)
  /// Only what is signed is replaced (and made void what is built besides), while no block has used
  /// up what it needs.
  case notReplaceable(OutgoingStatus)
  /// The very same transaction waits already.
  case madeAlready(as: String)
  /// More than what is final, set aside by nothing, and not what refunds wait for.
  case notFree(most: UInt256)
}

extension PayoutRefusal {
  /// Throws where nothing may be made on the chain now.
  static func check(_ chain: ChainName, in connection: any SQLConnection) throws {
    let row = try connection.queryFirst(
      "SELECT halt FROM chains WHERE chain = $1", [.text(chain.text)])
    if let halt = try row?.optionalText("halt") { throw PayoutRefusal.halted(halt) }
    let epoch = try RestoreEpochs.current(in: connection) ?? 0
    guard epoch > 0 else { return }
    // A restore forgets the comparisons of before.
    let compared = try connection.queryFirst(
      "SELECT 1 AS one FROM reconciliations WHERE chain = $1", [.text(chain.text)])
    guard compared != nil else { throw PayoutRefusal.unreconciled(epoch: epoch) }
  }

  /// The tenant's transaction on the chain that another one may replace.
  ///
  /// - Parameters:
  ///   - statuses: in which it may be
  ///   - locking: holds it until the transaction ends: for who replaces it
  static func replaceable(
    _ id: String, of tenant: String, on chain: ChainName,
    status statuses: Set<OutgoingStatus> = [.signed, .broadcast], locking: Bool = true,
    in connection: any SQLConnection
  ) throws -> OutgoingTransaction {
    try check(chain, in: connection)
    guard let old = try OutgoingRecords.load(id, locking: locking, in: connection),
      old.chain == chain, old.tenant == tenant
    else { throw PayoutRefusal.notFound(id) }
    guard statuses.contains(old.status),
      try !OutgoingRecords.isUsed(anyOf: old, in: connection)
    else { throw PayoutRefusal.notReplaceable(old.status) }
    return old
  }
}

extension PayoutRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .halted(let reason): "the chain is halted: \(reason)"
    case .unreconciled(let epoch):
      """
      the database is in restore epoch \(epoch) and doesn't know what was paid after the backup: \
      run payctl reconcile --record, look at each difference, and give up or request anew what it \
      shows
      """
    case .notFound(let id): "there is no transaction \(id) of this tenant on this chain"
    case .noRefund(let id): "there is no refund \(id) of this tenant on this chain"
    case .notDue(let id, .approved): "\(id) isn't due yet: its address was changed and cools down"
    case .notDue(let id, let status): "\(id) isn't due: it is \(status.rawValue)"
    case .madeAlready(let id): "the very same transaction is made already: \(id)"
    case .notFree(let most):
      "at most \(most.decimal) minor units, the fee included, can be taken: final money on our own "
        + "addresses (payctl payout sweep), less what refunds wait for"
    case .notReplaceable(let status):
      """
      only what is signed is replaced, while no block has used up its coins or nonce; it is \
      \(status.rawValue)
      """
    }
  }
}
