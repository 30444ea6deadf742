package import Bytes
package import ChainTypes

/// How deep a transfer must be (1 = in the tip block). Fixed for each payment when it is made.
package struct ConfirmationRequirement: Hashable, Sendable {
  /// To be confirmed; 0 and 1 both mean as soon as it is in a block.
  package let confirmations: UInt32
  /// To be final; never below `confirmations`, whatever is given.
  package let finality: UInt32

  package init(confirmations: UInt32, finality: UInt32) {
    self.confirmations = confirmations
    self.finality = finality
  }
}

/// What holds for every transfer of a chain.
package struct TransferRules: Hashable, Sendable {
  /// How deep a coinbase output must be before it is confirmed or final.
  package let coinbaseMaturity: UInt32
  /// Values of the chain's own coin below this are recorded and not followed.
  package let dustLimit: UInt256
  /// How many later blocks a dropped, replaced or quarantined transfer is remembered for.
  package let retentionBlocks: UInt32

  package init(coinbaseMaturity: UInt32, dustLimit: UInt256, retentionBlocks: UInt32 = 144) {
    self.coinbaseMaturity = coinbaseMaturity
    self.dustLimit = dustLimit
    self.retentionBlocks = max(1, retentionBlocks)
  }
}

/// What a scan found, before anything is known of its past.
package struct FoundTransfer: Hashable, Sendable {
  package let id: TransferID
  /// The watched address that it pays.
  package let ordinal: UInt64
  package let value: UInt256
  /// The token's contract; nil for the chain's own coin.
  package let contract: Hash20?
  /// What its transaction spends. A coinbase spends nothing; its null outpoint may stand here.
  package let inputs: [Outpoint]
  package let isCoinbase: Bool
  package let requirement: ConfirmationRequirement
  package let effect: Effect

  /// What became of it in its block.
  package enum Effect: Hashable, Sendable {
    /// It moved what it says.
    case moved
    /// Its transaction was executed without effect (an EVM status of 0).
    case failed
    /// It isn't to be credited.
    case quarantined(QuarantineReason)
  }

  package init(
    id: TransferID, ordinal: UInt64, value: UInt256, contract: Hash20? = nil,
    inputs: [Outpoint], isCoinbase: Bool, requirement: ConfirmationRequirement,
    effect: Effect = .moved
  ) {
    self.contract = contract
    self.effect = effect
    self.id = id
    self.ordinal = ordinal
    self.value = value
    self.inputs = inputs
    self.isCoinbase = isCoinbase
    self.requirement = requirement
  }
}

/// A transaction that spends an outpoint.
package struct Spend: Hashable, Sendable {
  package let outpoint: Outpoint
  /// The spending transaction's.
  package let txid: Hash32

  package init(outpoint: Outpoint, txid: Hash32) {
    self.outpoint = outpoint
    self.txid = txid
  }
}

/// A transfer and what became of it.
package struct TrackedTransfer: Hashable, Sendable {
  package let id: TransferID
  package let ordinal: UInt64
  package let value: UInt256
  /// The token's contract; nil for the chain's own coin.
  package let contract: Hash20?
  package let inputs: [Outpoint]
  package let isCoinbase: Bool
  package let requirement: ConfirmationRequirement
  package var state: TransferState
  /// When this watcher first knew of it, by its own clock.
  package let firstSeen: Timestamp
  /// The time in the header of the block that it stands in; nil while it stands in none.
  package var blockTime: Timestamp?

  package init(
    id: TransferID, ordinal: UInt64, value: UInt256, contract: Hash20? = nil,
    inputs: [Outpoint], isCoinbase: Bool, requirement: ConfirmationRequirement,
    state: TransferState, firstSeen: Timestamp, blockTime: Timestamp?
  ) {
    self.contract = contract
    self.id = id
    self.ordinal = ordinal
    self.value = value
    self.inputs = inputs
    self.isCoinbase = isCoinbase
    self.requirement = requirement
    self.state = state
    self.firstSeen = firstSeen
    self.blockTime = blockTime
  }

  package init(
    _ found: FoundTransfer, state: TransferState, firstSeen: Timestamp, blockTime: Timestamp?
  ) {
    self.init(
      id: found.id, ordinal: found.ordinal, value: found.value, contract: found.contract,
      inputs: found.inputs,
      isCoinbase: found.isCoinbase, requirement: found.requirement, state: state,
      firstSeen: firstSeen, blockTime: blockTime)
  }
}

extension TrackedTransfer {
  /// The same with what another block says of it. What it requires stays, as long as it is still
  /// for the same payment.
  func updated(by found: FoundTransfer) -> TrackedTransfer {
    let isSamePayment = found.ordinal == ordinal && found.contract == contract
    return TrackedTransfer(
      id: id, ordinal: found.ordinal, value: found.value, contract: found.contract,
      inputs: found.inputs, isCoinbase: found.isCoinbase,
      requirement: isSamePayment ? requirement : found.requirement, state: state,
      firstSeen: firstSeen, blockTime: blockTime)
  }
}

/// One step of the machine. `before` is nil where nothing was known of the transfer.
package struct TransferChange: Hashable, Sendable {
  package let before: TrackedTransfer?
  package let after: TrackedTransfer

  package init(before: TrackedTransfer?, after: TrackedTransfer) {
    self.before = before
    self.after = after
  }
}
