package import ChainTypes
package import Database
internal import EventLog
package import Leases
internal import Payments

/// Does what tenants' policies say about payments that came late, short or over, once their money
/// is final: from timers in the database, so that what fell due while nothing ran is done then.
package struct RemedyService: Sendable {
  private let refunds: RefundService
  /// Who decides, in facts and events.
  package static let name = "policy"
  /// After this long it is tried again where something spoke against it.
  private static let retrySeconds: Int64 = 3_600
  /// After so long where it failed, which may pass.
  private static let failedSeconds: Int64 = 60

  package init(refunds: RefundService) { self.refunds = refunds }

  /// Does what is due by now, up to `limit` payments, each in a transaction of its own; how many
  /// were looked at.
  ///
  /// - Parameters:
  ///   - lease: what must be held for it; without it `LeaseLost` is thrown
  ///   - random: bits for a refund's id, asked once for each
  @discardableResult
  package func step(
    on database: any Database, under lease: Lease? = nil, now: Timestamp, limit: Int = 100,
    random: @escaping @Sendable () -> (UInt64, UInt64)
  ) async throws -> Int {
    let due = try await database.read { connection in
      try connection.query(
        """
        SELECT payment_id FROM payment_timers WHERE due_at <= $1
        ORDER BY due_at, payment_id LIMIT $2
        """, [.time(now), .integer(Int64(limit))]
      ).map { try $0.text("payment_id") }
    }
    var failure: (any Error)?
    for id in due {
      let bits = random()
      do {
        try await database.write { connection in
          if let lease { try Leases.check(lease, in: connection) }
          try apply(to: id, now: now, random: bits, in: connection)
        }
      } catch let lost as LeaseLost {
        throw lost
      } catch let error as CancellationError {
        throw error
      } catch {
        // One that can't be decided of holds up none of the others, and lets them go first.
        failure = failure ?? error
        try await database.write { connection in
          if let lease { try Leases.check(lease, in: connection) }
          try postpone(id, to: now.adding(seconds: Self.failedSeconds), in: connection)
        }
      }
    }
    if let failure { throw failure }
    return due.count
  }

  /// The payment's timer goes with what it was set for; one that can do nothing waits.
  private func apply(
    to id: String, now: Timestamp, random: (UInt64, UInt64), in connection: any SQLConnection
  ) throws {
    guard var payment = try PaymentRecords.load(id, in: connection) else { return }
    switch payment.remedy {
    case nil: try remove(id, in: connection)
    case .accept(let due):
      do {
        let drafts = try PaymentRecords.apply(
          .accepted(due: due, by: Self.name), to: &payment, now: now, in: connection)
        try EventLog.append(drafts, in: connection)
      } catch is PaymentError {
        // The machine knows why; an operator decides.
        try remove(id, in: connection)
      }
    case .refund(let amount, let kind):
      // Nobody has said where to: an operator asks the payer.
      guard payment.terms.refundAddress != nil else { return try remove(id, in: connection) }
      guard try !isLeftToPeople(payment, in: connection) else {
        return try remove(id, in: connection)
      }
      do {
        _ = try refunds.request(
          RefundRequest(
            payment: id, kind: kind, amount: kind == .partial ? amount : nil,
            requestedBy: Self.name),
          tenant: nil, now: now, random: random, in: connection)
        try remove(id, in: connection)
      } catch RefundRefusal.attestationMissing {
        // A policy signs nothing: an operator asks the payer.
        try remove(id, in: connection)
      } catch is RefundRefusal {
        try postpone(id, to: now.adding(seconds: Self.retrySeconds), in: connection)
      }
    }
  }

  /// Whether a refund that a policy asked for, or that was on its way, was ended: only people know
  /// why, and whether it was paid in another way. A policy doesn't ask again.
  private func isLeftToPeople(
    _ payment: Payment, in connection: any SQLConnection
  ) throws -> Bool {
    try payment.refunds.contains { known in
      guard known.outcome == .ended else { return false }
      guard let refund = try RefundRecords.load(known.id, locking: false, in: connection) else {
        throw CorruptRow.column("refund_id")
      }
      return refund.terms.requestedBy == Self.name || refund.status == .failed
    }
  }

  private func postpone(
    _ id: String, to time: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "UPDATE payment_timers SET due_at = $2 WHERE payment_id = $1", [.text(id), .time(time)])
  }

  private func remove(_ id: String, in connection: any SQLConnection) throws {
    try connection.execute("DELETE FROM payment_timers WHERE payment_id = $1", [.text(id)])
  }
}
