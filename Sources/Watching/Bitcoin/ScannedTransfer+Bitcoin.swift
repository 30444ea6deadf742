internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes

extension ScannedTransfer {
  /// The outputs to watched scripts of a transaction that a scan matched, in their order.
  static func outputs(
    of match: MatchedTransaction, on chain: ChainName, watching set: WatchSet
  ) -> [ScannedTransfer] {
    match.outputs.compactMap { output in
      set.ordinal(of: output.scriptPubKey.span.bytes).map { ordinal in
        ScannedTransfer(
          id: TransferID(chain: chain, txid: match.txid, position: .vout(output.vout)),
          ordinal: ordinal, value: UInt256(output.value), inputs: match.inputs,
          isCoinbase: match.isCoinbase)
      }
    }
  }
}
