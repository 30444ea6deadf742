package import Addresses
package import Bytes
package import ChainTypes
package import Ethereum

/// A block with what its transactions did and the state they left. It never changes, so that nodes
/// and copies of nodes share it.
package final class SimulatedEthereumBlock: Sendable {
  package let header: EthereumHeader
  package let hash: Hash32
  package let transactions: [KnownEthereumTransaction]
  /// One for each transaction.
  package let outcomes: [Outcome]
  package let withdrawals: [Withdrawal]
  /// After the block.
  package let state: EthereumState

  /// What a transaction did.
  package struct Outcome: Sendable {
    package let receipt: EthereumReceipt
    package let gasUsed: UInt64
    /// Wei for each gas.
    package let effectiveGasPrice: UInt256
    /// Of a contract it created.
    package let createdContract: EthereumAddress?
    package let trace: CallFrame
  }

  init(
    header: EthereumHeader, transactions: [KnownEthereumTransaction], outcomes: [Outcome],
    withdrawals: [Withdrawal], state: EthereumState
  ) {
    self.header = header
    hash = header.hash
    self.transactions = transactions
    self.outcomes = outcomes
    self.withdrawals = withdrawals
    self.state = state
  }

  package var number: UInt64 { header.number }

  /// What it takes besides gas; nil but on OP-stack chains, and in their genesis block.
  package var l1Attributes: L1Attributes? {
    transactions.first.flatMap { L1Attributes($0.transaction) }
  }

  package var ref: BlockRef { BlockRef(height: UInt32(clamping: header.number), hash: hash) }
}
