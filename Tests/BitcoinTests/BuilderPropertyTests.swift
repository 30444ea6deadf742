import Addresses
import Bytes
import ChainTypes
import Keys
import Testing

@testable import Bitcoin

/// Random wallets and payments under seeds: what is built, is signed, finished and taken out.
@Suite("Building and signing random transactions")
struct BuilderPropertyTests {
  /// Coins are slow to derive, so that all rounds share them; values are drawn anew.
  private static let scripts: [SingleKeyScript] = [.wpkh, .tr, .shWpkh, .pkh]

  private struct Scene {
    let builder: TransactionBuilder
    var generator: SplitMix64
  }

  private func scene(_ wallet: TestWallet, seed: UInt64) throws -> Scene {
    var generator = SplitMix64(seed: seed)
    func value() -> UInt64 {
      1 << UInt64.random(in: 8...30, using: &generator)
        + UInt64.random(in: 0...999, using: &generator)
    }
    let coins = try (0..<UInt32.random(in: 1...12, using: &generator)).map { index in
      try wallet.coin(
        Self.scripts[Int.random(in: 0..<4, using: &generator)], value: value(), index: index)
    }
    var payments: [OutgoingPayment] = []
    for index in 0..<Int.random(in: 1...4, using: &generator) {
      payments.append(
        OutgoingPayment(
          scriptPubKey: TestWallet.script(UInt8(index)), value: value() / 4,
          paysFee: Int.random(in: 0..<4, using: &generator) == 0))
    }
    // Now and then nearly all that some coins have.
    if Int.random(in: 0..<3, using: &generator) == 0 {
      let count = Int.random(in: 1...coins.count, using: &generator)
      let sum = coins.prefix(count).reduce(0) { $0 + $1.value }
      let rest = min(sum / 2, UInt64.random(in: 200...30_000, using: &generator))
      payments = [
        OutgoingPayment(scriptPubKey: TestWallet.script(0), value: sum - rest)
      ]
    }
    let change = try wallet.change(
      Self.scripts[Int.random(in: 0..<4, using: &generator)],
      index: UInt32.random(in: 0...3, using: &generator))
    let limits = TransactionBuilder.Limits(
      ceiling: FeeRate(satoshiPerKvB: 100_000), maximumFee: 300_000, maximumInputs: 8,
      minimumChange: UInt64.random(in: 0...2000, using: &generator))
    return Scene(
      builder: TransactionBuilder(
        coins: coins, required: Bool.random(using: &generator) ? [] : [coins[0]],
        payments: payments, change: change,
        feeRate: FeeRate(satoshiPerKvB: UInt64.random(in: 0...150_000, using: &generator)),
        limits: limits, lockTime: UInt32.random(in: 0...900_000, using: &generator)),
      generator: generator)
  }

  @Test("inputs are outputs and fee, nothing is dust, and no bound is crossed")
  func built() throws {
    let wallet = try TestWallet()
    var made = 0
    var withoutChange = 0
    for seed in UInt64(0)..<400 {
      let builder = try scene(wallet, seed: seed).builder
      guard let built = try? builder.build() else { continue }
      made += 1
      let transaction = built.psbt.transaction
      let spent = built.coins.reduce(UInt64(0)) { $0 + $1.value }
      let paid = transaction.outputs.reduce(UInt64(0)) { $0 + $1.value }
      #expect(spent == paid + built.fee, "seed \(seed)")
      #expect(built.psbt.fee == built.fee, "seed \(seed)")
      #expect(built.fee <= builder.limits.maximumFee, "seed \(seed)")
      let rate = builder.feeRate.clamped(
        floor: builder.limits.floor, ceiling: builder.limits.ceiling)
      let least = rate.fee(forVirtualBytes: built.virtualBytes)
      #expect(built.fee >= least, "seed \(seed)")
      if built.changeVout != nil { #expect(built.fee == least, "seed \(seed)") }
      if built.changeVout == nil { withoutChange += 1 }
      #expect(transaction.inputs.map(\.outpoint) == built.coins.map(\.outpoint))
      #expect(Set(built.coins.map(\.outpoint)).count == built.coins.count)
      #expect(built.coins.count <= builder.limits.maximumInputs)
      #expect(builder.required.allSatisfy { built.coins.contains($0) })
      for (index, output) in transaction.outputs.enumerated() {
        #expect(output.value >= TransactionSize.dustLimit(output.scriptPubKey), "seed \(seed)")
        if index == built.changeVout {
          #expect(output.value >= builder.limits.minimumChange)
        } else if !builder.payments[index].paysFee {
          #expect(output.value == builder.payments[index].value, "seed \(seed)")
        } else {
          #expect(output.value <= builder.payments[index].value, "seed \(seed)")
        }
      }
      #expect(try builder.build() == built, "the same each time")
    }
    #expect(made > 150 && withoutChange > 10, "\(made), \(withoutChange)")
  }

  @Test("signed and finished, they verify and are no larger than was counted")
  func signed() throws {
    let wallet = try TestWallet()
    let stranger = PSBTSigner(try TestWallet(seed: 8).master)
    var kinds: Set<SingleKeyScript> = []
    for seed in UInt64(1000)..<1060 {
      var scene = try scene(wallet, seed: seed)
      guard let built = try? scene.builder.build() else { continue }
      var psbt = try PSBT(base64: built.psbt.base64)
      let nothing = try stranger.sign(&psbt)
      #expect(nothing.signed.isEmpty && psbt == built.psbt, "seed \(seed)")
      let signer = PSBTSigner(wallet.master)
      let report = try signer.sign(&psbt, auxiliary: scene.generator.hash())
      #expect(report.signed == Array(psbt.inputs.indices) && report.unproven.isEmpty)
      for (index, output) in psbt.outputs.enumerated() {
        let isOwn = !output.derivations.isEmpty || !output.taprootDerivations.isEmpty
        #expect(isOwn == (index == built.changeVout), "seed \(seed), output \(index)")
      }
      psbt = try PSBT(bytes: psbt.bytes)
      let unfinished = psbt.finalize()
      #expect(unfinished == [:], "seed \(seed)")
      psbt = try PSBT(bytes: psbt.bytes)
      let transaction = try psbt.extractTransaction()
      #expect((transaction.txid == built.psbt.transaction.txid) == !psbt.hasOldInputs)
      #expect(transaction.vsize <= built.virtualBytes, "seed \(seed)")
      // A signature is a byte or two short of the longest now and then.
      #expect(transaction.vsize >= built.virtualBytes - 2 * built.coins.count, "seed \(seed)")
      #expect(try Transaction(bytes: transaction.bytes) == transaction)
      kinds.formUnion(built.coins.map(\.script))
      // Any change to what is paid makes every signature wrong.
      var altered = transaction
      altered.outputs[0].value -= 1
      let hashes = SignatureHashes(altered, spending: psbt.spentOutputs)
      for index in altered.inputs.indices {
        #expect(hashes.verification(ofInput: index) == .invalid, "seed \(seed)")
      }
    }
    #expect(kinds.count == 4)
  }

  @Test("the search for exact sums finds one wherever there is one")
  func exactSums() {
    var generator = SplitMix64(seed: 5)
    var found = 0
    for round in 0..<300 {
      let values = (0..<Int.random(in: 1...10, using: &generator)).map { _ in
        Int64.random(in: 1...60, using: &generator)
      }.sorted(by: >)
      let target = Int64.random(in: 1...200, using: &generator)
      let window = Int64.random(in: 0...3, using: &generator)
      let limit = Int.random(in: 1...10, using: &generator)
      // All subsets.
      let sums = (1..<(1 << values.count)).filter { $0.nonzeroBitCount <= limit }.map { bits in
        values.indices.reduce(Int64(0)) { $0 + (bits >> $1 & 1 == 1 ? values[$1] : 0) }
      }
      let best = sums.filter { (target...target + window).contains($0) }.min()
      let chosen = CoinSelection.exact(values, target: target, window: window, limit: limit)
      let sum = chosen.map { $0.reduce(Int64(0)) { $0 + values[$1] } }
      #expect(sum == best, "round \(round): \(values) for \(target)")
      if let chosen {
        found += 1
        #expect(Set(chosen).count == chosen.count && chosen.count <= limit)
      }
    }
    #expect(found > 50)
  }
}

extension PSBT {
  /// Whether scripts, which a txid commits to, were added.
  fileprivate var hasOldInputs: Bool { inputs.contains { $0.finalScriptSig != nil } }
}

extension SplitMix64 {
  /// 32 bytes.
  mutating func hash() -> Hash32 {
    Hash32((0..<32).map { _ in UInt8.random(in: 0...255, using: &self) }) ?? .zero
  }
}
