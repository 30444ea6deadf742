import Bytes
import ChainTypes

@testable import Bitcoin

extension Set: ScriptSet where Element == [UInt8] {
  func contains(_ script: RawSpan) -> Bool { contains([UInt8](copying: script)) }
}

/// Every output and no spend.
struct WatchAll: OutputWatching, ScriptSet {
  var scripts: WatchAll { self }
  var watchesInputs: Bool { false }
  func contains(_ script: RawSpan) -> Bool { true }
  func watches(spending outpoint: Outpoint) -> Bool { false }
}

struct WatchNothing: OutputWatching {
  let scripts: Set<[UInt8]> = []
  var watchesInputs: Bool { false }
  func watches(spending outpoint: Outpoint) -> Bool { false }
}

struct WatchSome: OutputWatching {
  var scripts: Set<[UInt8]> = []
  var outpoints: Set<Outpoint> = []

  var watchesInputs: Bool { !outpoints.isEmpty }
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
