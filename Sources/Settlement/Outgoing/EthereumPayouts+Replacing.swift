internal import Addresses
internal import Bytes
package import ChainTypes
internal import Database
internal import Ethereum
internal import NodeRPC
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
    let least = dustLimit(of: nil)
    let account = try await account(of: id, tenant: tenant)
    let balance = try await asking { (node) async throws(NodeError) in
      try await node.balance(of: account)
    }
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
      let isShort = (try? unsigned.value.adding(cost)).map { $0 > balance } ?? true
      if old.purpose == .sweep || old.purpose == .withdrawal && isShort,
        let payout = payouts.first, payout.contract == nil
      {
        // It takes all there is: the higher fee comes out of it.
        let more = cost.subtractingOrZero(old.maximumFee)
        unsigned.value = unsigned.value.subtractingOrZero(more)
        guard unsigned.value >= least else {
          throw Failure.noFees("it would bring less than is booked where it comes to")
        }
        payouts = [
          .init(refund: nil, address: payout.address, contract: nil, amount: unsigned.value)
        ]
      }
      // Nodes drop what an account can't pay.
      guard let needed = try? unsigned.value.adding(cost), needed <= balance else {
        throw Failure.unmade("\(account.text) has \(balance.decimal) wei: too little")
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

  /// Whose transaction it is.
  private func account(of id: String, tenant: String) async throws -> EthereumAddress {
    let spec = spec
    return try await database.read { connection in
      let old = try PayoutRefusal.replaceable(
        id, of: tenant, on: spec.name, locking: false, in: connection)
      guard case .nonce(let account, _)? = old.slots.first else { throw CorruptRow.column("slot") }
      return EthereumAddress(account)
    }
  }
}
