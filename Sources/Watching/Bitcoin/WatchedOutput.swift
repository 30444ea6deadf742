internal import Bitcoin
internal import Bytes
internal import ChainTracking
internal import ChainTypes

/// An output to a watched script, in a transaction that a scan matched.
struct WatchedOutput {
  let id: TransferID
  let ordinal: UInt64
  /// Satoshi.
  let value: UInt64
  let transaction: MatchedTransaction

  /// All that stand in `matches`, in their order.
  static func all(
    in matches: [MatchedTransaction], on chain: ChainName, watching set: WatchSet
  ) -> [WatchedOutput] {
    matches.flatMap { match in
      match.outputs.compactMap { output in
        set.ordinal(of: output.scriptPubKey.span.bytes).map { ordinal in
          WatchedOutput(
            id: TransferID(chain: chain, txid: match.txid, position: .vout(output.vout)),
            ordinal: ordinal, value: output.value, transaction: match)
        }
      }
    }
  }
}

extension ChainCommit {
  /// The transfers that `outputs` are, each with what its payment requires; the chain's own rule
  /// where nobody was given the address.
  func transfers(
    of outputs: [WatchedOutput], on spec: ChainSpec
  ) async throws -> [FoundTransfer] {
    guard !outputs.isEmpty else { return [] }
    let requirements = try await requirements(on: spec.name, ordinals: outputs.map(\.ordinal))
    let rule = ConfirmationRequirement(
      confirmations: spec.finalityDepth, finality: spec.finalityDepth)
    return outputs.map { output in
      FoundTransfer(
        id: output.id, ordinal: output.ordinal, value: UInt256(output.value),
        inputs: output.transaction.inputs, isCoinbase: output.transaction.isCoinbase,
        requirement: requirements[output.ordinal] ?? rule)
    }
  }
}
