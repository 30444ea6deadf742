internal import Addresses
package import Bytes
package import ChainTypes
internal import Database
internal import Ethereum
package import Payments

// What the shop takes for itself.
extension EthereumPayouts {
  /// A transaction that brings what is final on the tenant's treasury account to an address of its
  /// choice. What is left on all of its accounts is at least what its refunds wait for, and of the
  /// coin what the gas of each of them may cost.
  ///
  /// - Parameters:
  ///   - amount: minor units that arrive; nil for all that is free, of the coin less the fee
  ///   - contract: the token's; nil for the chain's own coin
  package func withdraw(
    _ amount: UInt256?, of contract: Hash20?, to text: String, tenant: String, now: Timestamp,
    random: Randomness
  ) async throws -> OutgoingTransaction {
    let spec = spec
    guard let asset = (contract.map(spec.token) ?? spec.coin)?.asset else {
      throw Failure.noTreasury
    }
    let accounts = try await treasuries(of: tenant)
    let addresses = accounts.map(\.address.hash)
    let caps = try await caps()
    let (recipient, free) = try await database.read { connection in
      try PayoutRefusal.check(spec.name, in: connection)
      return (
        try Withdrawals.recipient(text, of: asset, on: spec, in: connection),
        try Self.free(addresses, contract, tenant, spec, caps, in: connection)
      )
    }
    let most = free.max() ?? .zero
    guard most > .zero, amount ?? most > .zero, amount ?? most <= most else {
      throw PayoutRefusal.notFree(most: most)
    }
    let payee = try EthereumAddress(recipient)
    var reason: Unmade?
    for (place, (account, free)) in zip(accounts, free).enumerated()
    where free > .zero && amount ?? free <= free {
      var move = Move(
        account: account, recipient: payee, contract: contract, amount: amount ?? free,
        purpose: .withdrawal, paysFee: contract == nil && amount == nil)
      // Held against what is free once more, beside whatever was recorded meanwhile.
      move.check = { connection, taken in
        let free = try Self.free(addresses, contract, tenant, spec, caps, in: connection)[place]
        guard taken <= free else { throw PayoutRefusal.notFree(most: free) }
      }
      do {
        return try await make(move, tenant: tenant, caps: caps, now: now, random: random)
      } catch let error as Unmade {
        reason = reason ?? error
      }
    }
    throw Failure.unmade(reason?.reason ?? "no account has as much")
  }

  /// What may be taken of each account, so that all of them keep what refunds wait for.
  private static func free(
    _ accounts: [Hash20], _ contract: Hash20?, _ tenant: String, _ spec: ChainSpec,
    _ caps: EthereumTransaction.FeeCaps, in connection: any SQLConnection
  ) throws -> [UInt256] {
    // First what waits: what is made meanwhile counts twice then, and not as neither.
    var owed = try Withdrawals.owed(tenant, on: spec.name, contract, in: connection)
    if contract == nil {
      let count = try Withdrawals.waiting(tenant, on: spec.name, in: connection)
      let gas = try? GasLimit.cost(refundGas, caps)?.multiplied(by: UInt256(UInt64(count)))
      owed = (try? gas.map { try owed.adding($0) } ?? .max) ?? .max
    }
    let held = try accounts.map {
      try Withdrawals.held(by: $0, of: contract, on: spec, in: connection)
    }
    let all = held.reduce(UInt256.zero) { (try? $0.adding($1)) ?? .max }
    return held.map { min($0, all.subtractingOrZero(owed)) }
  }

  /// More than what a transfer of USDC or USDT to a new holder uses.
  private static let refundGas: UInt64 = 100_000
}
