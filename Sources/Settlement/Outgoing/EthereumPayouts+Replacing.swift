internal import Bytes
package import ChainTypes
internal import Database
internal import Ethereum
package import Payments

// Replacing what is stuck.
extension EthereumPayouts {
  /// A transaction that does the same as one which was signed, with the same nonce, for a higher
  /// fee: at most one of them is ever mined.
  package func replace(
    _ id: String, tenant: String, now: Timestamp, random: Randomness
  ) async throws -> OutgoingTransaction {
    let suggested = try await caps()
    let newID = Identifier(
      prefix: "out", milliseconds: UInt64(clamping: now.microseconds / 1_000), random: random())
    let (spec, bounds, l1Attributes) = (spec, limits.fees, try await l1Attributes())
    return try await database.write { connection in
      let old = try PayoutRefusal.replaceable(id, of: tenant, on: spec.name, in: connection)
      var unsigned = try EthereumTransaction(unsigned: Hex.decode(old.unsigned.dropFirst(2)))
      guard case .dynamicFee(let chainID, let caps, let list) = unsigned.form,
        let raised = caps.replacement(suggested: suggested, within: bounds)
      else { throw Failure.noFees("a replacement would pay more than the limit") }
      unsigned.form = .dynamicFee(chainID: chainID, raised, list)
      guard
        let cost = Self.cost(
          of: unsigned, caps: raised, l1Attributes: l1Attributes, within: bounds)
      else { throw Failure.noFees(Self.tooDear) }
      var payouts = old.payouts
      if old.purpose == .sweep, let payout = payouts.first, payout.contract == nil {
        // It takes all there is: the higher fee comes out of it.
        let more = cost.subtractingOrZero(old.maximumFee)
        guard unsigned.value > more else { throw Failure.noFees("it would bring nothing") }
        unsigned.value = unsigned.value.subtractingOrZero(more)
        payouts = [
          .init(refund: nil, address: payout.address, contract: nil, amount: unsigned.value)
        ]
      }
      let replacement = OutgoingTransaction(
        id: newID.description, tenant: tenant, chain: spec.name, purpose: old.purpose,
        slots: old.slots, replaces: id, payouts: payouts, maximumFee: cost,
        unsigned: "0x" + Hex.encode(unsigned.encodedForSigning), keyPath: old.keyPath,
        createdAt: now)
      try OutgoingService.record(replacement, now: now, in: connection)
      return replacement
    }
  }
}
