internal import Bytes
internal import ChainTracking
internal import ChainTypes

/// A transfer to a watched address as a block or a mempool has it, before anything is known of
/// whose address it is.
struct ScannedTransfer: Sendable {
  let id: TransferID
  let ordinal: UInt64
  let value: UInt256
  /// The token's contract; nil for the chain's own coin.
  var contract: Hash20?
  /// What its transaction spends; nothing on EVM chains.
  var inputs: [Outpoint] = []
  var isCoinbase = false
  var effect = FoundTransfer.Effect.moved
}

extension ChainCommit {
  /// The same with what each one's payment requires; the chain's own rule where nobody was given
  /// the address.
  func found(
    _ scanned: [ScannedTransfer], on spec: ChainSpec
  ) async throws -> [FoundTransfer] {
    guard !scanned.isEmpty else { return [] }
    let requirements = try await requirements(on: spec.name, ordinals: scanned.map(\.ordinal))
    let rule = ConfirmationRequirement(
      confirmations: spec.finalityDepth, finality: spec.finalityDepth)
    return scanned.map { transfer in
      FoundTransfer(
        id: transfer.id, ordinal: transfer.ordinal, value: transfer.value,
        contract: transfer.contract, inputs: transfer.inputs, isCoinbase: transfer.isCoinbase,
        requirement: requirements[transfer.ordinal] ?? rule, effect: transfer.effect)
    }
  }
}
