internal import Addresses
package import Bitcoin
internal import Bytes
package import ChainTypes
package import Database
internal import Keys
package import Payments

/// Makes Bitcoin transactions that pay refunds, gather coins, or replace such ones: from what the
/// database knows, without a key and without asking anyone. What is made is recorded with its coins
/// in the caller's transaction.
///
/// Only final coins are spent, whichever payment they came for.
package struct BitcoinPayouts: Sendable {
  let spec: ChainSpec
  let network: BitcoinNetwork
  let limits: TransactionBuilder.Limits
  /// How many refunds one transaction pays at most.
  let maximumRefunds: Int
  /// The largest part of a sweep's value that may go into its fee, in ten-thousandths.
  let sweepShare: UInt64
  /// Whose approvals count.
  let approvers: RefundApprovers

  /// Nil where the chain isn't a Bitcoin chain.
  package init?(
    spec: ChainSpec, limits: TransactionBuilder.Limits, maximumRefunds: Int = 100,
    sweepShare: UInt64 = 500, approvers: RefundApprovers = RefundApprovers()
  ) {
    guard case .bitcoin(let network) = spec.family else { return nil }
    self.spec = spec
    self.network = network
    self.limits = limits
    self.maximumRefunds = maximumRefunds
    self.sweepShare = min(sweepShare, 10_000)
    self.approvers = approvers
  }

  /// What a call is made with: at what rate, when, and the new transaction's id.
  package struct Order: Sendable {
    package let tenant: String
    package let feeRate: FeeRate
    package let now: Timestamp
    package let random: (UInt64, UInt64)

    package init(tenant: String, feeRate: FeeRate, now: Timestamp, random: (UInt64, UInt64)) {
      self.tenant = tenant
      self.feeRate = feeRate
      self.now = now
      self.random = random
    }

    var id: String {
      Identifier(
        prefix: "out", milliseconds: UInt64(clamping: now.microseconds / 1_000), random: random
      ).description
    }
  }

  package enum Failure: Error, Equatable {
    case building(BuildingError)
    /// Refunds are due, and each can't be paid for a reason of its own.
    case noneCanBePaid([String])
    /// The tenant's account has no branch of its own for change, or none of its addresses is
    /// watched yet.
    case noChangeAddress
    /// A sweep would cost more than the share of its value that may go into fees.
    case notWorth(fee: UInt64)
  }

  // MARK: Refunds

  /// What came of paying refunds.
  package struct Outcome: Sendable {
    /// Nil where none is due.
    package fileprivate(set) var made: OutgoingTransaction?
    /// Refunds' ids, and why the transaction doesn't pay them.
    package fileprivate(set) var left: [(subject: String, reason: String)] = []
  }

  /// One transaction for the tenant's refunds that are due, the oldest first. Those whose payees
  /// bear the fee have transactions of their own.
  ///
  /// - Parameter chosen: pays those alone, where there are any
  package func payRefunds(
    _ order: Order, chosen: Set<String> = [], in connection: any SQLConnection
  ) throws -> Outcome {
    try PayoutRefusal.check(spec.name, in: connection)
    var outcome = Outcome()
    var means: Means?
    let all = DueRefunds(tenant: order.tenant, chain: spec.name, now: order.now, chosen: chosen)
    let size = max(2 * maximumRefunds, chosen.count)
    var last: String?
    // Whatever keeps some from being paid keeps no newer ones.
    for _ in 0..<Self.maximumPages {
      let page = try all.load(after: last, limit: size, locking: true, in: connection)
      let due = try page.compactMap { try claimed($0, &outcome, in: connection) }
      if let first = due.first {
        let spending = try means ?? self.means(for: order, in: connection)
        means = spending
        let feePayer = first.refund.terms.feePayer
        for isFirst in [true, false] {
          let group = due.filter { ($0.refund.terms.feePayer == feePayer) == isFirst }
          if try pay(group, out: spending, order, &outcome, in: connection) { return outcome }
        }
      }
      guard page.count == size, chosen.isEmpty else { break }
      last = page.last?.terms.id
    }
    guard means != nil else { return outcome }
    // The address for change is given back with the transaction.
    throw Failure.noneCanBePaid(outcome.left.map { "\($0.subject): \($0.reason)" })
  }

  /// How many times as many refunds as one transaction pays are looked at, by twos.
  private static let maximumPages = 50

  /// A refund that is due, with the coins that its transaction must spend.
  private struct Due {
    let refund: Refund
    let coins: [Outpoint]
  }

  private struct Means {
    let change: (output: ChangeOutput, address: String)
    let coins: [SpendableCoin]
  }

  private func means(for order: Order, in connection: any SQLConnection) throws -> Means {
    Means(
      change: try takeChange(for: order, in: connection),
      coins: try coins(of: order.tenant, in: connection))
  }

  /// Nil, and why, where it isn't to be paid now.
  private func claimed(
    _ refund: Refund, _ outcome: inout Outcome, in connection: any SQLConnection
  ) throws -> Due? {
    let id = refund.terms.id
    // What a reorg has taken back isn't sent back.
    let payment = try PaymentRecords.load(refund.terms.payment, locking: false, in: connection)
    guard let payment, payment.refundsTaken <= payment.finalReceipts else { return nil }
    if let fault = approvers.fault(of: refund) {
      outcome.left.append((id, fault))
      return nil
    }
    switch try GivenUpTransactions.claim(on: refund.terms, in: connection) {
    case .coins(let coins): return Due(refund: refund, coins: coins)
    case .waits(let other):
      outcome.left.append(
        (id, "\(other) was given up, and what it would spend is set aside until that is final"))
    case .isUnclear(let other):
      outcome.left.append(
        (
          id,
          """
          \(other) was given up, and a transaction that isn't ours has spent its coin: see what \
          that paid; where it wasn't this, payctl refund fail, and request it anew
          """
        ))
    }
    return nil
  }

  /// One transaction for as many of the oldest as it may pay. One that can't be paid keeps none of
  /// the others from it; false where none is left.
  private func pay(
    _ group: [Due], out means: Means, _ order: Order, _ outcome: inout Outcome,
    in connection: any SQLConnection
  ) throws -> Bool {
    var waiting = group
    while !waiting.isEmpty {
      let paid = waiting.prefix(maximumRefunds)
      let refunds = paid.map(\.refund)
      do {
        let wanted = Set(paid.flatMap(\.coins))
        let required = try wanted.sorted { $0.description < $1.description }.map { outpoint in
          guard let coin = try coin(at: outpoint, in: connection) else {
            throw CorruptRow.column("slot")
          }
          return coin
        }
        let built = try build(
          TransactionBuilder(
            coins: means.coins.filter { !wanted.contains($0.outpoint) }, required: required,
            payments: try refunds.map { try payment($0.terms) }, change: means.change.output,
            feeRate: order.feeRate, limits: limits, lockTime: try tipHeight(in: connection)))
        outcome.made = try record(
          built, purpose: .refund, payees: refunds.map(Self.payee), change: means.change.address,
          order, in: connection)
        return true
      } catch Failure.building(let error) {
        guard let place = Self.unpayable(error, among: refunds) else {
          throw Failure.building(error)
        }
        outcome.left.append((waiting.remove(at: place).refund.terms.id, "\(error)"))
      }
    }
    return false
  }

  /// Which of the refunds an error is about: the greatest where all of them are too much.
  private static func unpayable(_ error: BuildingError, among refunds: [Refund]) -> Int? {
    switch error {
    case .dustPayment(let index, _, _): refunds.indices.contains(index) ? index : nil
    case .notEnough, .tooManyInputs:
      refunds.indices.max { refunds[$0].terms.amount < refunds[$1].terms.amount }
    default: nil
    }
  }

  private func payment(_ terms: RefundTerms) throws -> OutgoingPayment {
    guard let value = terms.amount.satoshi else { throw CorruptRow.column("amount") }
    return OutgoingPayment(
      scriptPubKey: try BitcoinAddress(terms.address, network: network).output.scriptPubKey,
      value: value, paysFee: terms.feePayer == .payee)
  }

  // MARK: Sweeps

  /// One transaction that brings the tenant's coins from payments' addresses to one of its own; nil
  /// where there are fewer than `least`.
  package func sweep(
    _ order: Order, least: Int, in connection: any SQLConnection
  ) throws -> OutgoingTransaction? {
    try PayoutRefusal.check(spec.name, in: connection)
    let rate = order.feeRate.clamped(floor: limits.floor, ceiling: limits.ceiling)
    // One whose own input costs more than it may would be paid for by the others.
    let coins = try coins(of: order.tenant, purpose: .payments, in: connection)
      .filter { isWorth($0.inputFee(at: rate), moving: $0.value) }
      .prefix(limits.maximumInputs)
    guard coins.count >= max(1, least) else { return nil }
    let change = try takeChange(for: order, in: connection)
    let built = try build(
      TransactionBuilder(
        coins: [], required: Array(coins), payments: [], change: change.output,
        feeRate: order.feeRate, limits: limits, lockTime: try tipHeight(in: connection)))
    guard isWorth(built.fee, moving: built.coins.reduce(0) { $0 + $1.value }) else {
      throw Failure.notWorth(fee: built.fee)
    }
    return try record(
      built, purpose: .sweep, payees: [], change: change.address, order, in: connection)
  }

  private func isWorth(_ fee: UInt64, moving value: UInt64) -> Bool {
    // A share is at most the whole: the quotient fits.
    fee <= UInt64(10_000).dividingFullWidth(value.multipliedFullWidth(by: sweepShare)).quotient
  }

  // MARK: Replacing

  /// A transaction that pays the same as one which was signed, out of the same coins at least, for
  /// a higher fee: at most one of them is ever mined.
  package func replace(
    _ id: String, _ order: Order, in connection: any SQLConnection
  ) throws -> OutgoingTransaction {
    let old = try PayoutRefusal.replaceable(
      id, of: order.tenant, on: spec.name, in: connection)
    guard let raw = old.raw else { throw CorruptRow.column("raw") }
    let psbt = try PSBT(base64: old.unsigned)
    let refunds = try old.refunds.map { id in
      guard let refund = try RefundRecords.load(id, in: connection) else {
        throw CorruptRow.column("payouts")
      }
      return refund
    }
    let outpoints = psbt.transaction.inputs.map(\.outpoint)
    let required = try outpoints.map { outpoint in
      guard let coin = try coin(at: outpoint, in: connection) else {
        throw CorruptRow.column("slot")
      }
      return coin
    }
    // Its change came back to an output of ours, which the new one takes over.
    let own = old.payouts.dropFirst(old.leaving.count).first
    let change =
      try own.map { try self.change(at: $0.address, in: connection) }
      ?? takeChange(for: order, in: connection)
    let fee = old.maximumFee.satoshi ?? 0
    let built = try build(
      TransactionBuilder(
        coins: try moreCoins(for: old, in: connection), required: required,
        payments: try old.purpose == .withdrawal
          ? [withdrawal(of: old, fee: fee)] : refunds.map { try payment($0.terms) },
        change: change.output, feeRate: order.feeRate, limits: limits,
        replacement: Replacement(
          fee: fee, virtualBytes: try Transaction(bytes: raw).vsize),
        lockTime: try tipHeight(in: connection)))
    return try record(
      built, purpose: old.purpose, payees: old.leaving.map { ($0.refund, $0.address) },
      change: change.address, replaces: id, order, in: connection)
  }

  /// What a replacement may spend besides the coins of the first.
  private func moreCoins(
    for old: OutgoingTransaction, in connection: any SQLConnection
  ) throws -> [SpendableCoin] {
    switch old.purpose {
    case .refund: try coins(of: old.tenant, in: connection)
    case .withdrawal: try coins(of: old.tenant, purpose: .treasury, in: connection)
    case .sweep, .gas, .void: []
    }
  }

  /// One without change took all there was: the higher fee comes out of it, too.
  private func withdrawal(of old: OutgoingTransaction, fee: UInt64) throws -> OutgoingPayment {
    guard let payout = old.leaving.first, let value = payout.amount.satoshi else {
      throw CorruptRow.column("payouts")
    }
    let takesAll = old.payouts.count == 1
    return OutgoingPayment(
      scriptPubKey: try BitcoinAddress(payout.address, network: network).output.scriptPubKey,
      value: takesAll ? value + fee : value, paysFee: takesAll)
  }

  // MARK: Recording

  func build(_ builder: TransactionBuilder) throws -> BuiltTransaction {
    do {
      return try builder.build()
    } catch {
      throw Failure.building(error)
    }
  }

  private static func payee(_ refund: Refund) -> (refund: String?, address: String) {
    (refund.terms.id, refund.terms.address)
  }

  /// - Parameter payees: of the first outputs, in their order
  func record(
    _ built: BuiltTransaction, purpose: OutgoingPurpose,
    payees: [(refund: String?, address: String)], change: String, replaces: String? = nil,
    _ order: Order, in connection: any SQLConnection
  ) throws -> OutgoingTransaction {
    let outputs = built.psbt.transaction.outputs
    var payouts = zip(payees, outputs).map { payee, output in
      OutgoingTransaction.Payout(
        refund: payee.refund, address: payee.address, contract: nil,
        amount: UInt256(output.value))
    }
    if let place = built.changeVout {
      payouts.append(
        .init(
          refund: nil, address: change, contract: nil, amount: UInt256(outputs[place].value)))
    }
    // Segwit's signatures aren't part of what the txid covers (BIP-0141).
    let isFixed = built.coins.allSatisfy { $0.script == .wpkh || $0.script == .tr }
    let transaction = OutgoingTransaction(
      id: order.id, tenant: order.tenant, chain: spec.name, purpose: purpose,
      slots: built.coins.map { .outpoint($0.outpoint) }, replaces: replaces, payouts: payouts,
      maximumFee: UInt256(built.fee), unsigned: built.psbt.base64, keyPath: nil,
      createdAt: order.now, txid: isFixed ? built.psbt.transaction.txid : nil)
    try OutgoingService.record(transaction, now: order.now, in: connection)
    return transaction
  }

  func tipHeight(in connection: any SQLConnection) throws -> UInt32 {
    try connection.queryFirst(
      "SELECT tip_height FROM chains WHERE chain = $1", [.text(spec.name.text)]
    )?.uint32("tip_height") ?? 0
  }
}

extension UInt256 {
  /// Nil where it is more than 64 bits hold.
  var satoshi: UInt64? { UInt64(decimal) }
}

extension BitcoinPayouts.Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .building(let error): "\(error)"
    case .noneCanBePaid(let reasons): reasons.joined(separator: "; ")
    case .noChangeAddress: "no address for change is ready: paywatch derives them while it runs"
    case .notWorth(let fee): "its fee of \(fee) satoshi is more than payouts.sweep_share allows"
    }
  }
}
