internal import Addresses
internal import ChainTypes
internal import Ethereum

// What issuers do to the listed tokens.
extension EthereumWatcher {
  /// Those of a block's notices that are told, from its proved receipts. A contract that isn't
  /// listed can log what it likes.
  func notices(
    in proof: BlockProof, at block: BlockRef
  ) throws(BlockProofError) -> [BlockNotice] {
    let spec = settings.spec
    let contracts = Set(
      spec.tokens.compactMap { $0.asset.contract.map { EthereumAddress($0) } })
    guard !contracts.isEmpty else { return [] }
    let accounts = WatchedAccounts(set: standing.watched)
    return BlockNotice.told(
      of: try proof.notices(of: contracts), in: block, spec: spec,
      limit: settings.noticesPerBlock, ordinal: accounts.ordinal)
  }
}
