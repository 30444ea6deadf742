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
  /// is left of all final coins is at least what its refunds wait for, and what it will cost at
  /// this rate to pay each by itself.
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
    let reserve = try reserve(for: order, in: connection)
    var free = min(treasury, UInt256(all).subtractingOrZero(reserve).satoshi ?? 0)
    // What stays is an output that can be made.
    let least = own.map { TransactionSize.dustLimit($0.scriptPubKey) }
      .reduce(limits.minimumChange, max)
    if free < treasury { free = min(free, treasury - min(treasury, least)) }
    let value = amount ?? free
    guard value > 0, value <= free else { throw PayoutRefusal.notFree(most: UInt256(free)) }
    let (output, changeAddress) = try takeChange(for: order, in: connection)
    let takesAll = amount == nil && free == treasury
    let payment = OutgoingPayment(
      scriptPubKey: try BitcoinAddress(address, network: network).output.scriptPubKey,
      value: value, paysFee: amount == nil)
    let built = try build(
      TransactionBuilder(
        coins: takesAll ? [] : own, required: takesAll ? own : [], payments: [payment],
        change: output, feeRate: order.feeRate, limits: limits,
        lockTime: try tipHeight(in: connection)))
    // What doesn't come back: change too small to be made goes into the fee.
    let change = built.changeVout.map { built.psbt.transaction.outputs[$0].value } ?? 0
    guard Self.sum(built.coins) - change <= free else {
      throw PayoutRefusal.notFree(most: UInt256(free))
    }
    return try record(
      built, purpose: .withdrawal, payees: [(nil, address)], change: changeAddress, order,
      in: connection)
  }

  /// What must be left.
  private func reserve(for order: Order, in connection: any SQLConnection) throws -> UInt256 {
    let owed = try Withdrawals.owed(order.tenant, on: spec.name, nil, in: connection)
    guard owed > .zero else { return .zero }
    let count = try Withdrawals.waiting(order.tenant, on: spec.name, in: connection)
    let fee = order.feeRate.clamped(floor: limits.floor, ceiling: limits.ceiling)
      .fee(forVirtualBytes: Self.refundBytes.multipliedReportingOverflow(by: count).partialValue)
    return (try? owed.adding(UInt256(fee))) ?? .max
  }

  /// Virtual bytes of a transaction that pays one refund out of one coin, with change: 226 with
  /// scripts from before segwit, the largest.
  private static let refundBytes = 226

  /// Satoshi of coins that exist fit.
  private static func sum(_ coins: [SpendableCoin]) -> UInt64 {
    coins.reduce(0) { $0 &+ $1.value }
  }
}
