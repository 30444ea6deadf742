package import Bytes
package import ChainTypes

/// A transaction that pays a watched script or spends a watched outpoint.
package struct MatchedTransaction: Hashable, Sendable {
  /// Internal byte order.
  package let txid: Hash32
  /// Equal to the txid where the transaction has no witness. Internal byte order.
  package let wtxid: Hash32
  /// Its place in its block; zero for a loose transaction.
  package let index: UInt32
  package let isCoinbase: Bool
  /// Everything it spends, watched or not, in order; empty for a coinbase.
  package let inputs: [Outpoint]
  /// The outputs that are watched, in order.
  package let outputs: [MatchedOutput]
  /// That it stands in its block, the coinbase's place included; only where a scan was asked to
  /// prove, and only where an output is watched.
  package internal(set) var proof: TransactionProof?

  package init(
    txid: Hash32, wtxid: Hash32, index: UInt32, isCoinbase: Bool, inputs: [Outpoint],
    outputs: [MatchedOutput], proof: TransactionProof? = nil
  ) {
    self.txid = txid
    self.wtxid = wtxid
    self.index = index
    self.isCoinbase = isCoinbase
    self.inputs = inputs
    self.outputs = outputs
    self.proof = proof
  }
}

/// A watched output of a transaction.
package struct MatchedOutput: Hashable, Sendable {
  package let vout: UInt32
  /// Satoshi.
  package let value: UInt64
  package let scriptPubKey: [UInt8]

  package init(vout: UInt32, value: UInt64, scriptPubKey: [UInt8]) {
    self.vout = vout
    self.value = value
    self.scriptPubKey = scriptPubKey
  }
}
