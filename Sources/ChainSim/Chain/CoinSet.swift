package import Bitcoin
internal import ChainTypes

/// An unspent output.
package struct Coin: Hashable, Sendable {
  package let output: TransactionOutput
  /// Of the block that created it.
  package let height: UInt32
  package let isCoinbase: Bool

  /// A coinbase's outputs can be spent by the hundredth block after it.
  package func isMature(inBlockAt height: UInt32) -> Bool {
    !isCoinbase || UInt64(height) >= UInt64(self.height) + 100
  }
}

/// The UTXO set of the active chain, and which of its outputs are the faucet's.
struct CoinSet: Sendable {
  private(set) var coins: [Outpoint: Coin] = [:]
  private(set) var faucetOutpoints: Set<Outpoint> = []

  /// A coin that a block spent, kept to put it back.
  struct Spent: Sendable {
    let outpoint: Outpoint
    let coin: Coin
  }

  subscript(outpoint: Outpoint) -> Coin? { coins[outpoint] }

  mutating func spend(_ outpoint: Outpoint) -> Spent? {
    guard let coin = coins.removeValue(forKey: outpoint) else { return nil }
    faucetOutpoints.remove(outpoint)
    return Spent(outpoint: outpoint, coin: coin)
  }

  /// Adds a transaction's outputs, but for those that nobody can ever spend.
  mutating func addOutputs(of known: KnownTransaction, height: UInt32) {
    let isCoinbase = known.transaction.isCoinbase
    for (vout, output) in known.transaction.outputs.enumerated() {
      guard output.scriptPubKey.first != 0x6a, output.scriptPubKey.count <= 10_000 else { continue }
      insert(
        Coin(output: output, height: height, isCoinbase: isCoinbase),
        at: Outpoint(txid: known.txid, vout: UInt32(vout)))
    }
  }

  /// Takes back what connecting `transactions` did; `spent` are the coins that they took.
  mutating func undo(_ transactions: some Collection<KnownTransaction>, spent: [Spent]) {
    // A transaction may spend another of its block: restore first, then remove what was created.
    for spent in spent { insert(spent.coin, at: spent.outpoint) }
    for known in transactions {
      for vout in known.transaction.outputs.indices {
        _ = spend(Outpoint(txid: known.txid, vout: UInt32(vout)))
      }
    }
  }

  private mutating func insert(_ coin: Coin, at outpoint: Outpoint) {
    coins[outpoint] = coin
    if coin.output.scriptPubKey == Faucet.scriptPubKey { faucetOutpoints.insert(outpoint) }
  }
}
