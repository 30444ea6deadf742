internal import Addresses
internal import ChainTypes
internal import Ethereum

// Transactions of our own.
extension EthereumWatcher {
  /// What the proved block holds of accounts whose nonces are open, where it uses one of those up.
  func sightings(
    in proof: BlockProof, at block: BlockRef
  ) throws(BlockProofError) -> [OutgoingSighting] {
    let open = standing.openSlots
    guard !open.slots.isEmpty else { return [] }
    return try proof.sent(by: Set(open.accounts.map(EthereumAddress.init)), or: open.txids)
      .compactMap { sent in
        let slot = OutgoingSlot.nonce(account: sent.sender.hash, sent.nonce)
        guard open.slots.contains(slot) else { return nil }
        return OutgoingSighting(
          txid: sent.txid, slots: [slot], block: block, succeeded: sent.succeeded, fee: sent.fee,
          payload: sent.payload,
          moved: sent.moved.map {
            TokenMovement(contract: $0.contract.hash, recipient: $0.to.hash, value: $0.value)
          })
      }
  }
}
