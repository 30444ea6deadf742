internal import Addresses
package import Bytes
package import ChainTypes
internal import Database
package import Payments

// What the shop takes for itself.
extension EthereumPayouts {
  /// A transaction that brings what is final on the tenant's treasury account to an address of its
  /// choice. What is left on all of its accounts is at least what its refunds wait for.
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
    let (recipient, free) = try await database.read { connection in
      try PayoutRefusal.check(spec.name, in: connection)
      return (
        try Withdrawals.recipient(text, of: asset, on: spec, in: connection),
        try addresses.map {
          try Self.free($0, among: addresses, contract, tenant, spec, in: connection)
        }
      )
    }
    let most = free.max() ?? .zero
    guard most > .zero, amount ?? most > .zero, amount ?? most <= most else {
      throw PayoutRefusal.notFree(most: most)
    }
    let (payee, caps) = (try EthereumAddress(recipient), try await caps())
    var reason: Unmade?
    for (account, free) in zip(accounts, free) where free > .zero && amount ?? free <= free {
      var move = Move(
        account: account, recipient: payee, contract: contract, amount: amount ?? free,
        purpose: .withdrawal, paysFee: contract == nil && amount == nil)
      // Held against what is free once more, beside whatever was recorded meanwhile.
      move.check = { connection, taken in
        let free = try Self.free(
          account.address.hash, among: addresses, contract, tenant, spec, in: connection)
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

  /// What may be taken of an account, so that all of them keep what refunds wait for.
  private static func free(
    _ account: Hash20, among accounts: [Hash20], _ contract: Hash20?, _ tenant: String,
    _ spec: ChainSpec, in connection: any SQLConnection
  ) throws -> UInt256 {
    let all = try accounts.reduce(UInt256.zero) { sum, account in
      let held = try Withdrawals.held(by: account, of: contract, on: spec, in: connection)
      return (try? sum.adding(held)) ?? .max
    }
    let owed = try Withdrawals.owed(tenant, on: spec.name, contract, in: connection)
    return min(
      try Withdrawals.held(by: account, of: contract, on: spec, in: connection),
      all.subtractingOrZero(owed))
  }
}
