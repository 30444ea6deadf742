package import ChainTypes
package import Database
internal import EventLog
package import Payments

/// Outgoing transactions as decisions: recorded when they are made, taken in when they are signed,
/// given up where nobody has signed. Everything runs inside the caller's transaction.
package enum OutgoingService {
  /// Writes a transaction that was made, with what it uses up, and tells the refunds that it pays.
  package static func record(
    _ transaction: OutgoingTransaction, now: Timestamp, in connection: any SQLConnection
  ) throws {
    var drafts = try OutgoingRecords.insert(transaction, now: now, in: connection)
    for id in transaction.refunds {
      guard var refund = try RefundRecords.load(id, in: connection) else {
        throw RefundRefusal.notFound(id)
      }
      // A replacement is made when it is needed; the first waits for its time.
      guard transaction.replaces != nil || refund.isBuildable(at: now) else {
        throw RefundRefusal.notPossible(refund.status)
      }
      drafts += try RefundRecords.apply(
        .built(outgoing: transaction.id), to: &refund, now: now, in: connection)
    }
    try EventLog.append(drafts, in: connection)
  }
}
