internal import Aggregates
internal import Bytes
internal import Payments
internal import Settlement

/// What the driver of a simulation knows of a payment: what it asked for and decided itself.
struct OrderedPayment {
  let terms: PaymentTerms
  var isCanceled = false
  var acceptedDue: UInt64?
  var isResolved = false
  /// The transfers that had come by then, by `StoredState.Transfer.id`.
  var settled: Set<String> = []
  /// Whether what came after the resolution was accepted.
  var isReopened = false
}

/// What the checks have seen of a transfer.
struct TransferHistory {
  /// The states whose value is there.
  static let standing: Set = ["seen", "included", "confirmed", "final"]

  /// Until when mempools had been looked through before it was found.
  let lookedThrough: Int64
  /// The earliest time of a block that it ever stood in: a reorg doesn't make late what came in
  /// time.
  private(set) var earliestBlockTime: Int64?
  /// Whether it counts without confirmation: it has stood without a break since before a halt.
  private(set) var isCredited = false
  private var state = ""

  init(lookedThrough: Int64) { self.lookedThrough = lookedThrough }

  mutating func learn(_ transfer: StoredState.Transfer, isHalted: Bool) {
    if let time = transfer.blockTime {
      earliestBlockTime = min(earliestBlockTime ?? time, time)
    }
    // What was in a block and is in a mempool was orphaned in between.
    let isBroken =
      !Self.standing.contains(transfer.state)
      || (transfer.state == "seen" && state != "seen" && Self.standing.contains(state))
    if isBroken { isCredited = false }
    if !isHalted { isCredited = Self.standing.contains(transfer.state) }
    state = transfer.state
  }
}

/// Holds every payment against the oracle, and against a replay of its facts.
struct PaymentChecker {
  let orders: [String: OrderedPayment]
  let stored: StoredState
  /// By `StoredState.Transfer.id`.
  let histories: [String: TransferHistory]
  /// Whether the payment was settled when a refund was asked for, by its address or its id.
  let refundsOfSettled: [String: Bool]

  /// What pays for something: an address of a chain, in one asset.
  fileprivate struct Account: Hashable {
    let chain: String
    let ordinal: Int64
    let contract: String
  }

  /// - Parameter replayed: the version of each payment whose facts were replayed before
  func check(_ replayed: inout [String: Int64], _ findings: inout Findings) {
    let transfers = transfers
    findings.require(
      Set(stored.payments.map(\.id)) == Set(orders.keys), promise: 4,
      "the stored payments aren't those that were acknowledged")
    // Change goes to addresses that a transaction of ours has.
    let addresses = stored.addresses.filter { $0.payment?.hasPrefix("pay_") ?? false }
    findings.require(
      addresses.count == stored.payments.count
        && Set(addresses.map(\.payment)).count == addresses.count
        && Set(addresses.map(\.script)).count == addresses.count,
      promise: 1, "two payments share an address")
    let refunded = refunded(&findings)
    for payment in stored.payments {
      guard let order = orders[payment.id] else { continue }
      checkOracle(
        payment, order, transfers[Account(payment)] ?? [], refunded: refunded[payment.id] ?? 0,
        &findings)
      if replayed.updateValue(payment.version, forKey: payment.id) != payment.version {
        checkReplay(payment, &findings)
      }
    }
  }

  private var transfers: [Account: [StoredState.Transfer]] {
    var transfers: [Account: [StoredState.Transfer]] = [:]
    for transfer in stored.transfers where !stored.isFunding(transfer) {
      let account = Account(
        chain: transfer.chain, ordinal: transfer.ordinal, contract: transfer.contract)
      transfers[account, default: []].append(transfer)
    }
    return transfers
  }

  /// What each payment must be, by its id.
  func oracles() -> [String: PaymentOracle] {
    var findings = Findings()
    let (transfers, refunded) = (transfers, refunded(&findings))
    var oracles: [String: PaymentOracle] = [:]
    for payment in stored.payments {
      guard let order = orders[payment.id] else { continue }
      oracles[payment.id] = oracle(
        payment, order, transfers[Account(payment)] ?? [], refunded: refunded[payment.id] ?? 0)
    }
    return oracles
  }

  /// What live refunds take of each payment that they were asked for before it was settled.
  private func refunded(_ findings: inout Findings) -> [String: UInt64] {
    var sums: [String: UInt64] = [:]
    for (id, refund) in stored.refunds where !["failed", "canceled"].contains(refund.status) {
      guard let terms = try? CanonicalJSON.value(RefundTerms.self, from: refund.terms),
        let isOfSettled = refundsOfSettled[id] ?? refundsOfSettled[terms.address]
      else {
        findings.require(false, promise: 6, "nobody asked for \(id)")
        continue
      }
      if !isOfSettled { sums[terms.payment, default: 0] += terms.amount.asUInt64 ?? .max }
    }
    return sums
  }

  private func checkOracle(
    _ payment: StoredState.StoredPayment, _ order: OrderedPayment,
    _ transfers: [StoredState.Transfer], refunded: UInt64, _ findings: inout Findings
  ) {
    let terms = order.terms
    let cursor = stored.chain(terms.chain).cursor
    let oracle = oracle(payment, order, transfers, refunded: refunded)
    findings.require(
      transfers.allSatisfy { $0.confirmations == Int64(terms.confirmations) }, promise: 2,
      "a transfer to \(payment.id) needs another depth than \(terms.confirmations)")
    findings.require(
      payment.status == oracle.status, promise: 5,
      "\(payment.id) is \(payment.status), should be \(oracle.status)")
    findings.require(
      payment.received == String(oracle.received)
        && payment.confirmed == String(oracle.confirmed),
      promise: 2,
      "\(payment.id) has \(payment.received)/\(payment.confirmed), "
        + "should have \(oracle.received)/\(oracle.confirmed)")
    if payment.deadlinePassed {
      findings.require(
        (cursor?.lookedThrough ?? .min) > payment.expiresAt, promise: 5,
        "\(payment.id) expired before a look passed its deadline")
    }
  }

  private func oracle(
    _ payment: StoredState.StoredPayment, _ order: OrderedPayment,
    _ transfers: [StoredState.Transfer], refunded: UInt64
  ) -> PaymentOracle {
    let terms = order.terms
    let looksAtMempools = terms.chainID == nil
    return PaymentOracle(
      amount: terms.amount.asUInt64 ?? 0, tolerance: terms.tolerance.asUInt64 ?? 0,
      confirmations: Int64(terms.confirmations), acceptsLate: terms.latePolicy == .accept,
      isDeadlinePassed: payment.deadlinePassed, isCanceled: order.isCanceled,
      acceptedDue: order.acceptedDue, isResolved: order.isResolved,
      isReopened: order.isReopened, refunded: refunded,
      money: transfers.map { transfer in
        let history = histories[transfer.id] ?? TransferHistory(lookedThrough: 0)
        // Where nothing counts before it is in a block, the block's time tells when it came.
        let first = min(
          transfer.firstSeen, history.earliestBlockTime ?? .max,
          looksAtMempools ? history.lookedThrough : .max)
        return PaymentOracle.Money(
          value: UInt64(transfer.value) ?? 0, state: transfer.state,
          isLate: first > payment.expiresAt, isCredited: history.isCredited,
          isSettled: order.settled.contains(transfer.id))
      })
  }

  /// Promise 8: facts alone give the same payment.
  private func checkReplay(
    _ payment: StoredState.StoredPayment, _ findings: inout Findings
  ) {
    do {
      let replayed = try Payment(
        terms: CanonicalJSON.value(PaymentTerms.self, from: payment.terms),
        facts: payment.facts.map { try CanonicalJSON.value(PaymentFact.self, from: $0) })
      findings.require(
        replayed.version == payment.version && replayed.status.rawValue == payment.status
          && replayed.received.decimal == payment.received
          && replayed.confirmed.decimal == payment.confirmed
          && replayed.deadlinePassed == payment.deadlinePassed,
        promise: 8, "\(payment.id) isn't what its facts make of it")
    } catch {
      findings.require(false, promise: 8, "\(payment.id)'s facts don't replay: \(error)")
    }
  }
}

extension PaymentChecker.Account {
  fileprivate init(_ payment: StoredState.StoredPayment) {
    self.init(chain: payment.chain, ordinal: payment.ordinal, contract: payment.contract)
  }
}
