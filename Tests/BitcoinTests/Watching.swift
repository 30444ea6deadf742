import Bytes
import ChainTypes

@testable import Bitcoin

/// Every output and no spend.
struct WatchAll: OutputWatching {
  var watchesInputs: Bool { false }
  func watches(scriptPubKey: RawSpan) -> Bool { true }
  func watches(spending outpoint: Outpoint) -> Bool { false }
}

struct WatchNothing: OutputWatching {
  var watchesInputs: Bool { false }
  func watches(scriptPubKey: RawSpan) -> Bool { false }
  func watches(spending outpoint: Outpoint) -> Bool { false }
}

struct WatchSome: OutputWatching {
  var scripts: Set<[UInt8]> = []
  var outpoints: Set<Outpoint> = []

  var watchesInputs: Bool { !outpoints.isEmpty }
  func watches(scriptPubKey: RawSpan) -> Bool { scripts.contains([UInt8](copying: scriptPubKey)) }
  func watches(spending outpoint: Outpoint) -> Bool { outpoints.contains(outpoint) }

  /// What a scan for these has to find in a block, by looking at every transaction.
  func matches(in block: Block, proving: Bool = false) -> [MatchedTransaction] {
    block.transactions.enumerated().compactMap { index, transaction in
      var match = matches(transaction, at: index)
      if proving, match?.outputs.isEmpty == false {
        match?.proof = TransactionProof(of: block, at: index, withCoinbase: true)
      }
      return match
    }
  }

  func matches(_ transaction: Transaction, at index: Int = 0) -> MatchedTransaction? {
    let outputs = transaction.outputs.enumerated()
      .filter { scripts.contains($1.scriptPubKey) }
      .map {
        MatchedOutput(vout: UInt32($0), value: $1.value, scriptPubKey: $1.scriptPubKey)
      }
    let inputs = transaction.isCoinbase ? [] : transaction.inputs.map(\.outpoint)
    guard !outputs.isEmpty || inputs.contains(where: outpoints.contains) else { return nil }
    return MatchedTransaction(
      txid: transaction.txid, wtxid: transaction.wtxid, index: UInt32(index),
      isCoinbase: transaction.isCoinbase, inputs: inputs, outputs: outputs)
  }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
