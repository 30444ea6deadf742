internal import ChainTypes
internal import Database
internal import Payments

// What was given up may have been signed all the same: a refund is never paid beside it.
extension EthereumPayouts {
  /// Those first that must have a nonce which was given up, the lowest before all; each other one
  /// where it was.
  static func inOrderOfClaims(
    _ refunds: [Refund], in connection: any SQLConnection
  ) throws -> [Refund] {
    let nonces = try refunds.map { refund -> UInt64 in
      try GivenUpTransactions.nonceClaims(on: refund.terms, in: connection).compactMap { claim in
        if case .nonce(_, let nonce) = claim.slot { nonce } else { nil }
      }.min() ?? .max
    }
    return refunds.indices.sorted { (nonces[$0], $0) < (nonces[$1], $1) }.map { refunds[$0] }
  }

  /// Throws where a transaction that was given up may have paid the refund, or could be mined
  /// beside one with this nonce.
  static func checkClaims(
    on id: String, for slot: OutgoingSlot, in connection: any SQLConnection
  ) throws {
    guard let refund = try RefundRecords.load(id, locking: false, in: connection) else {
      throw CorruptRow.column("refund_id")
    }
    for claim in try GivenUpTransactions.nonceClaims(on: refund.terms, in: connection) {
      if claim.isUnclear {
        throw Unmade(
          reason: """
            \(claim.id) was given up, and a transaction that isn't ours has its nonce: see what \
            that paid; where it wasn't this, payctl refund fail, and request it anew
            """)
      }
      guard claim.slot == slot else {
        throw Unmade(
          reason: """
            \(claim.id) was given up and would pay it: until its nonce (\(claim.slot)) is used up \
            for good, only a transaction with that nonce can pay it
            """)
      }
    }
  }
}
