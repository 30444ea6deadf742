package import Bytes
package import ChainTypes

/// What outgoing transactions of ours may use up on a chain, as the store has it.
package struct OpenSlots: Sendable, Equatable {
  package let slots: Set<OutgoingSlot>
  /// Of the transactions that were signed for them.
  package let txids: Set<Hash32>
  /// Counts the reservations on the chain: a step that looked with fewer slots is stale.
  package let version: Int64

  package static let none = OpenSlots(slots: [], txids: [], version: 0)

  package init(slots: Set<OutgoingSlot>, txids: Set<Hash32>, version: Int64) {
    self.slots = slots
    self.txids = txids
    self.version = version
  }

  /// Whose transactions to look for on an EVM chain.
  package var accounts: Set<Hash20> {
    Set(
      slots.compactMap { slot in
        if case .nonce(let account, _) = slot { account } else { nil }
      })
  }
}

/// A transaction in a verified block that uses up open slots: one of ours, or another one.
package struct OutgoingSighting: Sendable, Hashable {
  /// Internal byte order on Bitcoin.
  package let txid: Hash32
  package let slots: [OutgoingSlot]
  package let block: BlockRef
  /// Whether it had its effect; always on Bitcoin.
  package let succeeded: Bool
  /// What the chain took for it, in its own coin; nil where the block doesn't tell.
  package let fee: UInt256?
  /// On EVM chains what its sender signed, without the signature: nobody knows the txid before.
  package let payload: [UInt8]?
  /// On EVM chains what the contract that it called logged to have taken out of the sender's
  /// account; nil on Bitcoin, where outputs tell it all.
  package let moved: [TokenMovement]?

  package init(
    txid: Hash32, slots: [OutgoingSlot], block: BlockRef, succeeded: Bool = true,
    fee: UInt256? = nil, payload: [UInt8]? = nil, moved: [TokenMovement]? = nil
  ) {
    self.txid = txid
    self.slots = slots
    self.block = block
    self.succeeded = succeeded
    self.fee = fee
    self.payload = payload
    self.moved = moved
  }
}

/// A token's movement to somebody else, by a log.
package struct TokenMovement: Sendable, Hashable {
  package let contract: Hash20
  package let recipient: Hash20
  /// In the token's smallest unit.
  package let value: UInt256

  package init(contract: Hash20, recipient: Hash20, value: UInt256) {
    self.contract = contract
    self.recipient = recipient
    self.value = value
  }
}
