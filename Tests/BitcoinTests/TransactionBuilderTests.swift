import Addresses
import Bytes
import ChainTypes
import Keys
import Testing

@testable import Bitcoin

@Suite("Building transactions")
struct TransactionBuilderTests {
  let wallet: TestWallet

  init() throws { wallet = try TestWallet() }

  private func paying(
    _ coins: [SpendableCoin], pay values: [UInt64], rate: UInt64 = 2000
  ) throws -> TransactionBuilder {
    TransactionBuilder(
      coins: coins,
      payments: values.map {
        OutgoingPayment(scriptPubKey: TestWallet.script(9), value: $0)
      },
      change: try wallet.change(), feeRate: FeeRate(satoshiPerKvB: rate),
      limits: TestWallet.limits)
  }

  @Test("dust limits are those Bitcoin Core relays by")
  func dust() {
    let hash = Hash20()
    #expect(TransactionSize.dustLimit(OutputScript.p2pkh(hash).scriptPubKey) == 546)
    #expect(TransactionSize.dustLimit(OutputScript.p2sh(hash).scriptPubKey) == 540)
    #expect(TransactionSize.dustLimit(OutputScript.p2wpkh(hash).scriptPubKey) == 294)
    #expect(TransactionSize.dustLimit(OutputScript.p2wsh(.zero).scriptPubKey) == 330)
    #expect(TransactionSize.dustLimit(OutputScript.p2tr(.zero).scriptPubKey) == 330)
    #expect(TransactionSize.dustLimit([0x6a, 0x01, 0x00]) == 0)
  }

  @Test("fees are rounded up and never overflow; rates stay between their bounds")
  func rates() {
    #expect(FeeRate(satoshiPerKvB: 1000).fee(forVirtualBytes: 141) == 141)
    #expect(FeeRate(satoshiPerKvB: 1001).fee(forVirtualBytes: 141) == 142)
    #expect(FeeRate(satoshiPerKvB: .max).fee(forVirtualBytes: 1000) == .max)
    #expect(FeeRate(satoshiPerKvB: 5).fee(forVirtualBytes: -1) == 0)
    let (low, high) = (FeeRate(satoshiPerKvB: 10), FeeRate(satoshiPerKvB: 20))
    #expect(FeeRate(satoshiPerKvB: 5).clamped(floor: low, ceiling: high) == low)
    #expect(FeeRate(satoshiPerKvB: 15).clamped(floor: low, ceiling: high).satoshiPerKvB == 15)
    #expect(FeeRate(satoshiPerKvB: .max).clamped(floor: low, ceiling: high) == high)
    #expect(FeeRate(satoshiPerKvB: 15).clamped(floor: high, ceiling: low) == high)
  }

  @Test("a payment and its change: 141 virtual bytes, change at the end, replaceable")
  func simple() throws {
    var builder = try paying([wallet.coin(.wpkh, value: 100_000, index: 1)], pay: [40_000])
    builder.lockTime = 800_000
    let built = try builder.build()
    #expect(built.virtualBytes == 141)
    #expect(built.fee == 282)
    #expect(built.changeVout == 1)
    let transaction = built.psbt.transaction
    #expect(transaction.outputs.map(\.value) == [40_000, 59_718])
    #expect(transaction.inputs.map(\.sequence) == [0xffff_fffd])
    #expect(transaction.lockTime == 800_000)
    #expect(built.psbt.fee == 282)
    #expect(try PSBT(bytes: built.psbt.bytes) == built.psbt)
  }

  @Test("change that would be dust goes to the fee")
  func dustChange() throws {
    // 110 virtual bytes without change.
    let built = try paying(
      [wallet.coin(.wpkh, value: 40_220 + 300, index: 1)], pay: [40_000]
    ).build()
    #expect(built.changeVout == nil)
    #expect(built.fee == 520)
    #expect(built.virtualBytes == 110)
  }

  @Test("coins that make the sum exactly are preferred to one that needs change")
  func exact() throws {
    // At 2 sat/vB an input costs 136, and the rest of the transaction 84 (42 virtual bytes).
    let coins = [
      try wallet.coin(.wpkh, value: 500_000, index: 1),
      try wallet.coin(.wpkh, value: 30_136, index: 2),
      try wallet.coin(.wpkh, value: 20_136 + 90, index: 3),
      try wallet.coin(.wpkh, value: 9_000, index: 4),
    ]
    let built = try paying(coins, pay: [50_000]).build()
    #expect(built.changeVout == nil)
    #expect(Set(built.coins) == [coins[1], coins[2]])
    #expect(built.fee == 362)
  }

  @Test("payments that bear the fee get less, in equal shares, and the rest comes back whole")
  func feeFromPayments() throws {
    var builder = try paying([wallet.coin(.wpkh, value: 100_000, index: 1)], pay: [])
    builder.payments = [
      OutgoingPayment(scriptPubKey: TestWallet.script(1), value: 20_000, paysFee: true),
      OutgoingPayment(scriptPubKey: TestWallet.script(2), value: 20_000),
      OutgoingPayment(scriptPubKey: TestWallet.script(3), value: 20_000, paysFee: true),
    ]
    builder.feeRate = FeeRate(satoshiPerKvB: 1005)
    let built = try builder.build()
    // 203 virtual bytes.
    #expect(built.fee == 205)
    let values = built.psbt.transaction.outputs.map(\.value)
    #expect(values == [20_000 - 103, 20_000, 20_000 - 102, 40_000])
  }

  @Test("a sweep spends all it must and pays the fee out of the only payment")
  func sweep() throws {
    let coins = try (0..<4).map { try wallet.coin(.tr, value: 10_000, index: $0) }
    let builder = TransactionBuilder(
      coins: [], required: coins + [coins[0]],
      payments: [
        OutgoingPayment(scriptPubKey: TestWallet.script(1), value: 40_000, paysFee: true)
      ], change: nil, feeRate: FeeRate(satoshiPerKvB: 1000), limits: TestWallet.limits)
    let built = try builder.build()
    #expect(built.psbt.transaction.inputs.count == 4)
    #expect(built.psbt.transaction.outputs.map(\.value) == [40_000 - built.fee])
    #expect(built.fee == UInt64(built.virtualBytes))
    var tooLittle = builder
    tooLittle.payments[0] = OutgoingPayment(
      scriptPubKey: TestWallet.script(1), value: 30_000, paysFee: true)
    #expect(throws: BuildingError.noChangeOutput(excess: 10_000)) { try tooLittle.build() }
  }

  @Test("what can't be built says why")
  func errors() throws {
    let coins = try (1...3).map { try wallet.coin(.wpkh, value: 10_000, index: $0) }
    func expect(
      _ error: BuildingError, pay values: [UInt64], rate: UInt64 = 1000,
      _ change: (inout TransactionBuilder) throws -> Void = { _ in }
    ) throws {
      var builder = try paying(coins, pay: values, rate: rate)
      try change(&builder)
      #expect(throws: error) { try builder.build() }
    }
    // 3 inputs and an output: 246 virtual bytes.
    try expect(.notEnough(missing: 246), pay: [30_000])
    try expect(.notEnough(missing: 5000), pay: [5000]) { $0.coins = [] }
    try expect(.dustPayment(index: 1, value: 293, limit: 294), pay: [5000, 293])
    try expect(.valueTooLarge, pay: [.max, 5000])
    try expect(.valueTooLarge, pay: [TransactionLimits.maximumValue, 1000])
    try expect(.tooManyInputs(limit: 2), pay: [25_000]) { $0.limits.maximumInputs = 2 }
    try expect(.tooManyInputs(limit: 0), pay: [5000]) { $0.limits.maximumInputs = 0 }
    try expect(.feeAboveCeiling(fee: 282, ceiling: 281), pay: [5000], rate: 2000) {
      $0.limits.maximumFee = 281
    }
    try expect(.noOutputs, pay: []) { $0.change = nil }
    try expect(.replacesNothing, pay: [5000]) {
      $0.replacement = Replacement(fee: 1, virtualBytes: 1)
    }
    try expect(.dustPayment(index: 0, value: 259, limit: 294), pay: []) {
      $0.payments = [
        OutgoingPayment(scriptPubKey: TestWallet.script(1), value: 400, paysFee: true)
      ]
    }
    // A rate beyond all bounds is the ceiling's.
    var greedy = try paying(coins, pay: [1000], rate: .max)
    greedy.limits.ceiling = FeeRate(satoshiPerKvB: 3000)
    #expect(try greedy.build().fee == 423)
    greedy.limits.ceiling = FeeRate(satoshiPerKvB: .max)
    #expect(throws: BuildingError.self) { try greedy.build() }
    let old = try wallet.coin(.pkh, value: 50_000, index: 9, hasPrevious: false)
    #expect(throws: BuildingError.missingPreviousTransaction(old.outpoint)) {
      try paying([old], pay: [5000]).build()
    }
    let wide = OutgoingPayment(
      scriptPubKey: [0x6a] + [UInt8](repeating: 0, count: 100_000), value: 0)
    var builder = try paying([wallet.coin(.wpkh, value: 9_000_000, index: 1)], pay: [5000])
    builder.payments.append(wide)
    #expect(throws: BuildingError.self) { try builder.build() }
  }

  @Test("a coin whose script isn't its key's, or whose transaction isn't its own, is none")
  func wrongCoins() throws {
    let coin = try wallet.coin(.wpkh, value: 5000, index: 1)
    let other = try wallet.coin(.wpkh, value: 5000, index: 2)
    let output = try #require(OutputScript(scriptPubKey: coin.scriptPubKey))
    func make(
      _ derivation: PSBTDerivation, _ value: UInt64, _ previous: Transaction?
    ) -> SpendableCoin? {
      SpendableCoin(
        outpoint: coin.outpoint, value: value, output: output, derivation: derivation,
        previousTransaction: previous)
    }
    #expect(make(coin.derivation, 5000, coin.previousTransaction) == coin)
    #expect(make(other.derivation, 5000, coin.previousTransaction) == nil)
    #expect(make(coin.derivation, 5001, coin.previousTransaction) == nil)
    #expect(make(coin.derivation, 5000, other.previousTransaction) == nil)
    #expect(make(coin.derivation, .max, nil) == nil)
  }

  @Test("a replacement pays more than the old one, by the increment, and at a higher rate")
  func replacement() throws {
    let coins = try (1...4).map { try wallet.coin(.wpkh, value: 50_000, index: $0) }
    let first = try paying(coins, pay: [30_000]).build()
    var again = try paying(coins, pay: [30_000])
    again.required = first.coins
    again.replacement = Replacement(fee: first.fee, virtualBytes: first.virtualBytes)
    let second = try again.build()
    #expect(second.fee == first.fee + UInt64(second.virtualBytes))
    #expect(Set(first.coins.map(\.outpoint)).isSubset(of: second.coins.map(\.outpoint)))
    // A larger one has to outbid the old rate.
    let large = Replacement(fee: 100_000, virtualBytes: 100)
    #expect(large.leastFee(virtualBytes: 200) == 200_001)
    #expect(large.leastFee(virtualBytes: 50) == 100_050)
    #expect(Replacement(fee: .max, virtualBytes: 1).leastFee(virtualBytes: 2) == .max)
    #expect(Replacement(fee: .max, virtualBytes: 0).leastFee(virtualBytes: 1) == .max)
    // One that would have to pay more than the ceiling isn't made.
    again.replacement = Replacement(fee: 50_000, virtualBytes: 141)
    #expect(throws: BuildingError.self) { try again.build() }
    // All back to ourselves.
    again.replacement = Replacement(fee: first.fee, virtualBytes: first.virtualBytes)
    again.payments = []
    let cancelled = try again.build()
    #expect(cancelled.changeVout == 0 && cancelled.psbt.transaction.outputs.count == 1)
  }
}
