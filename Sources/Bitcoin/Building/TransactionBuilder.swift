internal import Bytes
internal import ChainTypes
internal import Keys

/// Chooses coins for payments and makes the transaction that a signer signs, without any key.
///
/// All inputs allow replacement (BIP-0125). The outputs are the payments in their order, and the
/// change, if any, behind them.
package struct TransactionBuilder: Sendable {
  /// Those that may be spent; the caller leaves out what isn't final.
  package var coins: [SpendableCoin]
  /// Those that must be spent: all of a sweep, or one of the transaction that this one replaces.
  package var required: [SpendableCoin] = []
  package var payments: [OutgoingPayment]
  /// Nil where all goes to the payments.
  package var change: ChangeOutput?
  package var feeRate: FeeRate
  package var limits: Limits
  package var replacement: Replacement?
  /// The newest block's height, so that no miner gains by mining it over again for the fees; or
  /// zero.
  package var lockTime: UInt32 = 0

  package struct Limits: Hashable, Sendable {
    /// Bounds of the rate.
    package var floor = FeeRate.standardIncrement
    package var ceiling: FeeRate
    /// Satoshi that a transaction may pay at most.
    package var maximumFee: UInt64
    package var maximumInputs: Int
    /// Satoshi that are worth an output of their own; less goes to the fee. Dust always does.
    package var minimumChange: UInt64 = 0

    package init(
      floor: FeeRate = .standardIncrement, ceiling: FeeRate, maximumFee: UInt64,
      maximumInputs: Int, minimumChange: UInt64 = 0
    ) {
      self.floor = floor
      self.ceiling = ceiling
      self.maximumFee = maximumFee
      self.maximumInputs = maximumInputs
      self.minimumChange = minimumChange
    }
  }

  package init(
    coins: [SpendableCoin], required: [SpendableCoin] = [], payments: [OutgoingPayment],
    change: ChangeOutput?, feeRate: FeeRate, limits: Limits, replacement: Replacement? = nil,
    lockTime: UInt32 = 0
  ) {
    self.coins = coins
    self.required = required
    self.payments = payments
    self.change = change
    self.feeRate = feeRate
    self.limits = limits
    self.replacement = replacement
    self.lockTime = lockTime
  }

  package func build() throws(BuildingError) -> BuiltTransaction {
    guard !payments.isEmpty || change != nil else { throw .noOutputs }
    guard replacement == nil || !required.isEmpty else { throw .replacesNothing }
    let payable = try sum(payments.map(\.value))
    for (index, payment) in payments.enumerated() {
      let limit = TransactionSize.dustLimit(payment.scriptPubKey)
      guard payment.value >= limit else {
        throw .dustPayment(index: index, value: payment.value, limit: limit)
      }
    }
    let required = unique(self.required)
    let taken = Set(required.map(\.outpoint))
    let rate = clampedRate
    // A coin that costs more than it brings makes nothing better.
    let others = CoinSelection.largestFirst(
      unique(coins).filter { !taken.contains($0.outpoint) && effectiveValue($0, at: rate) > 0 })
    _ = try sum((required + others).map(\.value))
    guard required.count <= limits.maximumInputs else {
      throw .tooManyInputs(limit: limits.maximumInputs)
    }
    if !required.isEmpty, let settled = try settle(required, payable).settled {
      return try finish(settled)
    }
    if let exact = try exact(required, others, payable) { return try finish(exact) }
    return try finish(largestFirst(required, others, payable))
  }

  /// Coins that need no change.
  private func exact(
    _ required: [SpendableCoin], _ others: [SpendableCoin], _ payable: UInt64
  ) throws(BuildingError) -> Settled? {
    guard let change else { return nil }
    let rate = clampedRate
    let paysFee = payments.contains(where: \.paysFee)
    func value(_ coin: SpendableCoin) -> Int64 {
      paysFee ? Int64(clamping: coin.value) : effectiveValue(coin, at: rate)
    }
    let ordered = others.map { ($0, value($0)) }.sorted { $0.1 > $1.1 }
    let weight = TransactionSize.weight(
      inputs: required.map(\.script), outputs: payments.map(\.scriptPubKey))
    let fee = paysFee ? 0 : capped(leastFee(weight: weight))
    let have = required.reduce(UInt64(0)) { $0 + $1.value }
    // What it costs to make change now and to spend it later.
    let changeWeight =
      TransactionSize.outputWeight(change.scriptPubKey) + TransactionSize.inputWeight(change.script)
    let window = rate.fee(forVirtualBytes: TransactionSize.virtualBytes(weight: changeWeight))
    guard
      let indexes = CoinSelection.exact(
        ordered.map(\.1), target: Int64(clamping: payable + fee) - Int64(clamping: have),
        window: Int64(clamping: capped(window)), limit: limits.maximumInputs - required.count)
    else { return nil }
    return try settle(required + indexes.map { ordered[$0].0 }, payable).settled
  }

  /// The most valuable coins, as many as it takes.
  private func largestFirst(
    _ required: [SpendableCoin], _ others: [SpendableCoin], _ payable: UInt64
  ) throws(BuildingError) -> Settled {
    var chosen = required
    var missing: UInt64 = 0
    var rest = others[...]
    while true {
      if !chosen.isEmpty {
        switch try settle(chosen, payable) {
        case .settled(let settled): return settled
        case .short(let amount): missing = amount
        }
      }
      guard let next = rest.popFirst() else {
        throw .notEnough(missing: chosen.isEmpty ? max(payable, 1) : missing)
      }
      guard chosen.count < limits.maximumInputs else {
        throw .tooManyInputs(limit: limits.maximumInputs)
      }
      chosen.append(next)
    }
  }

  /// How some coins work out.
  private enum Outcome {
    case settled(Settled)
    case short(UInt64)

    var settled: Settled? {
      if case .settled(let settled) = self { settled } else { nil }
    }
  }

  private struct Settled {
    let coins: [SpendableCoin]
    /// Nil where there is no change.
    let change: UInt64?
    let fee: UInt64
    /// What of the fee comes out of the payments.
    let deduction: UInt64
    let weight: Int
  }

  private func settle(
    _ coins: [SpendableCoin], _ payable: UInt64
  ) throws(BuildingError) -> Outcome {
    let paysFee = payments.contains(where: \.paysFee)
    // Bounded when `build` began, as all sums here are.
    let total = coins.reduce(UInt64(0)) { $0 + $1.value }
    let scripts = coins.map(\.script)
    let outputs = payments.map(\.scriptPubKey)
    if let change {
      let weight = TransactionSize.weight(inputs: scripts, outputs: outputs + [change.scriptPubKey])
      let fee = capped(leastFee(weight: weight))
      let need = payable + (paysFee ? 0 : fee)
      let least = max(limits.minimumChange, TransactionSize.dustLimit(change.scriptPubKey))
      if total >= need, total - need >= least {
        try checkFee(fee, weight: weight)
        return .settled(
          Settled(
            coins: coins, change: total - need, fee: fee, deduction: paysFee ? fee : 0,
            weight: weight))
      }
    }
    // Without payments there is only change.
    guard !payments.isEmpty else { return .short(1) }
    let weight = TransactionSize.weight(inputs: scripts, outputs: outputs)
    let fee = capped(leastFee(weight: weight))
    let need = payable + (paysFee ? 0 : fee)
    guard total >= need else { return .short(need - total) }
    try checkFee(fee, weight: weight)
    let excess = total - need
    if change == nil, excess > limits.minimumChange { throw .noChangeOutput(excess: excess) }
    return .settled(
      Settled(
        coins: coins, change: nil, fee: paysFee ? max(fee, excess) : fee + excess,
        deduction: paysFee ? max(fee, excess) - excess : 0, weight: weight))
  }

  private func finish(_ settled: Settled) throws(BuildingError) -> BuiltTransaction {
    guard settled.weight <= TransactionSize.maximumStandardWeight else {
      throw .tooLarge(weight: settled.weight)
    }
    guard settled.fee <= limits.maximumFee else {
      throw .feeAboveCeiling(fee: settled.fee, ceiling: limits.maximumFee)
    }
    for coin in settled.coins where coin.script == .pkh && coin.previousTransaction == nil {
      throw .missingPreviousTransaction(coin.outpoint)
    }
    var outputs = try paidOutputs(deduction: settled.deduction)
    if let value = settled.change, let change {
      outputs.append(TransactionOutput(value: value, scriptPubKey: change.scriptPubKey))
    }
    var psbt = PSBT(
      unsigned: Transaction(
        inputs: settled.coins.map { TransactionInput(outpoint: $0.outpoint) }, outputs: outputs,
        lockTime: lockTime))
    for (index, coin) in settled.coins.enumerated() { coin.fill(&psbt.inputs[index]) }
    if settled.change != nil { change?.fill(&psbt.outputs[payments.count]) }
    return BuiltTransaction(
      psbt: psbt, fee: settled.fee,
      virtualBytes: TransactionSize.virtualBytes(weight: settled.weight), coins: settled.coins,
      changeVout: settled.change == nil ? nil : payments.count)
  }

  /// The payments' outputs, less their shares of the fee; the first takes what can't be shared.
  private func paidOutputs(deduction: UInt64) throws(BuildingError) -> [TransactionOutput] {
    let payers = UInt64(payments.count { $0.paysFee })
    var rest = payers == 0 ? 0 : deduction % payers
    var outputs: [TransactionOutput] = []
    for (index, payment) in payments.enumerated() {
      var value = payment.value
      if payment.paysFee {
        let share = deduction / payers + rest
        rest = 0
        value = value > share ? value - share : 0
        let limit = TransactionSize.dustLimit(payment.scriptPubKey)
        guard payment.value > share, value >= limit else {
          throw .dustPayment(index: index, value: value, limit: limit)
        }
      }
      outputs.append(TransactionOutput(value: value, scriptPubKey: payment.scriptPubKey))
    }
    return outputs
  }

  private var clampedRate: FeeRate {
    feeRate.clamped(floor: limits.floor, ceiling: limits.ceiling)
  }

  /// Satoshi that a transaction of that weight pays at least.
  private func leastFee(weight: Int) -> UInt64 {
    let size = TransactionSize.virtualBytes(weight: weight)
    return max(
      clampedRate.fee(forVirtualBytes: size), replacement?.leastFee(virtualBytes: size) ?? 0)
  }

  /// A replacement may have to pay more than the highest rate.
  private func checkFee(_ fee: UInt64, weight: Int) throws(BuildingError) {
    let size = TransactionSize.virtualBytes(weight: weight)
    let ceiling = max(limits.ceiling, limits.floor).fee(forVirtualBytes: size)
    guard fee <= ceiling else { throw .feeAboveCeiling(fee: fee, ceiling: ceiling) }
  }

  /// What a coin brings when its own input is paid for.
  private func effectiveValue(_ coin: SpendableCoin, at rate: FeeRate) -> Int64 {
    Int64(clamping: coin.value) - Int64(clamping: capped(coin.inputFee(at: rate)))
  }

  /// A fee that nobody could pay, where it is more: so that sums with it stay in bounds.
  private func capped(_ fee: UInt64) -> UInt64 { min(fee, TransactionLimits.maximumValue + 1) }

  private func sum(_ values: [UInt64]) throws(BuildingError) -> UInt64 {
    var total: UInt64 = 0
    for value in values {
      guard value <= TransactionLimits.maximumValue,
        total + value <= TransactionLimits.maximumValue
      else { throw .valueTooLarge }
      total += value
    }
    return total
  }

  private func unique(_ coins: [SpendableCoin]) -> [SpendableCoin] {
    var seen: Set<Outpoint> = []
    return coins.filter { seen.insert($0.outpoint).inserted }
  }
}

/// An unsigned transaction that was built.
package struct BuiltTransaction: Hashable, Sendable {
  package let psbt: PSBT
  /// Satoshi: inputs less outputs.
  package let fee: UInt64
  /// The most that the signed transaction can have.
  package let virtualBytes: Int
  /// What the inputs spend, in their order.
  package let coins: [SpendableCoin]
  /// Which output is the change; nil where there is none.
  package let changeVout: Int?
}
