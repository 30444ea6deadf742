internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
package import Database
internal import Keys
package import Payments

// What the shop takes for itself.
extension BitcoinPayouts {
  /// A transaction that brings final coins of the tenant's own addresses to one of its choice. What
  /// is left of all final coins is at least what its refunds wait for.
  ///
  /// - Parameter amount: satoshi that arrive; nil for all that is free, the fee included
  package func withdraw(
    _ amount: UInt64?, to text: String, _ order: Order, in connection: any SQLConnection
  ) throws -> OutgoingTransaction {
    try PayoutRefusal.check(spec.name, in: connection)
    let address = try Withdrawals.recipient(text, of: spec.asset, on: spec, in: connection)
    let own = Array(
      try coins(of: order.tenant, purpose: .treasury, in: connection)
        .prefix(limits.maximumInputs))
    let treasury = Self.sum(own)
    let all = Self.sum(try coins(of: order.tenant, in: connection))
    let owed = try Withdrawals.owed(order.tenant, on: spec.name, nil, in: connection)
    let free = min(treasury, UInt256(all).subtractingOrZero(owed).satoshi ?? 0)
    let value = amount ?? free
    guard value > 0, value <= free else { throw PayoutRefusal.notFree(most: UInt256(free)) }
    let change = try takeChange(for: order, in: connection)
    let takesAll = amount == nil && free == treasury
    let payment = OutgoingPayment(
      scriptPubKey: try BitcoinAddress(address, network: network).output.scriptPubKey,
      value: value, paysFee: amount == nil)
    let built = try build(
      TransactionBuilder(
        coins: takesAll ? [] : own, required: takesAll ? own : [], payments: [payment],
        change: change.output, feeRate: order.feeRate, limits: limits,
        lockTime: try tipHeight(in: connection)))
    let (taken, overflow) = value.addingReportingOverflow(amount == nil ? 0 : built.fee)
    guard !overflow, taken <= free else { throw PayoutRefusal.notFree(most: UInt256(free)) }
    return try record(
      built, purpose: .withdrawal, payees: [(nil, address)], change: change.address, order,
      in: connection)
  }

  /// Satoshi of coins that exist fit.
  private static func sum(_ coins: [SpendableCoin]) -> UInt64 {
    coins.reduce(0) { $0 &+ $1.value }
  }
}
