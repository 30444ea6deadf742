package import Addresses
package import Bytes

/// What goes wrong at an EVM node alone. It befalls the calls of the methods that it is about, or
/// of the one among them that its `Fault` names.
package enum EthereumFault: Hashable, Sendable {
  // Answers that are missing something.

  /// `eth_getBlockReceipts` and `eth_getTransactionReceipt` answer null, as a node does that hasn't
  /// indexed the block yet.
  case nullReceipts
  /// `eth_getBlockByHash` and `eth_getBlockByNumber` answer null, as a balancer's lagging node
  /// does.
  case nullBlocks
  /// `eth_getLogs` answers with no logs (geth#24078).
  case emptyLogs
  /// `eth_getLogs` answers with this many at the most, and doesn't say so (ethers.js#1389).
  case truncatedLogs(keeping: Int)
  /// The node doesn't have the method at all.
  case methodUnavailable
  /// `eth_getLogs` refuses what is above a limit, in a provider's words.
  case logLimit(LogLimit)
  /// `eth_getProof` and other questions about state refuse blocks this far below the head.
  case prunedState(depth: UInt64)
  /// The tags `safe` and `finalized` name no block, as before a node has heard of any.
  case noFinality
  /// `eth_syncing` says how far the node has come.
  case syncing

  // Answers that say something else.

  /// `eth_chainId` and `net_version`.
  case wrongChainID(UInt64)
  /// A block's answer.
  case forgedBlock(EthereumBlockForgery)
  /// The last transaction in a block's answer.
  case forgedTransaction(TransactionForgery)
  /// A block's receipts, or a transaction's.
  case forgedReceipts(ReceiptForgery)
  /// What `eth_getLogs` finds.
  case forgedLogs(LogForgery)
  /// `eth_getTransactionReceipt` answers for what is in the mempool as if the next block, whose
  /// hash nobody will ever see again, had it: a preconfirmation.
  case preconfirmedReceipts
  /// The tag `finalized` names a block that isn't in the chain, of the same number.
  case wrongFinalized
  /// What `debug_traceBlockByHash` tells.
  case forgedTraces(TraceForgery)
  /// What `eth_getProof` answers.
  case forgedProof(ProofForgery)
}

extension EthereumFault {
  private static let blocks: Set<String> = ["eth_getBlockByHash", "eth_getBlockByNumber"]
  private static let transactions: Set<String> = [
    "eth_getTransactionByHash", "eth_getTransactionByBlockNumberAndIndex",
  ]
  private static let receipts: Set<String> = [
    "eth_getBlockReceipts", "eth_getTransactionReceipt",
  ]
  private static let traces: Set<String> = [
    "debug_traceBlockByHash", "debug_traceBlockByNumber", "debug_traceTransaction",
  ]
  private static let state: Set<String> = [
    "eth_getProof", "eth_getBalance", "eth_getTransactionCount", "eth_getCode",
    "eth_getStorageAt", "eth_call", "eth_estimateGas",
  ]

  /// The methods that it is about; nil for all.
  var methods: Set<String>? {
    switch self {
    case .nullReceipts, .forgedReceipts: Self.receipts
    case .nullBlocks, .forgedBlock: Self.blocks
    case .forgedTransaction: Self.blocks.union(Self.transactions)
    case .emptyLogs, .truncatedLogs, .logLimit, .forgedLogs: ["eth_getLogs"]
    case .prunedState: Self.state
    case .wrongFinalized: ["eth_getBlockByNumber"]
    case .syncing: ["eth_syncing"]
    case .wrongChainID: ["eth_chainId", "net_version"]
    case .preconfirmedReceipts: ["eth_getTransactionReceipt"]
    case .forgedTraces: Self.traces
    case .forgedProof: ["eth_getProof"]
    case .methodUnavailable, .noFinality: nil
    }
  }
}

/// How a block's answer departs from the block.
package enum EthereumBlockForgery: Hashable, Sendable {
  /// The block's parent in its place.
  case anotherBlock
  /// A member has another value, and the hash is still the true one.
  case stateRoot, transactionsRoot, receiptsRoot, withdrawalsRoot, logsBloom, timestamp, parentHash
  /// The header has other extra data, and the hash is that header's.
  case rehashed
  /// A member that no known fork has, and others that don't add up to the hash without it.
  case unknownMember
  /// The last transaction is missing; its first is there twice where it has but one.
  case missingTransaction
  /// Its transactions' hashes in place of the transactions.
  case hashesOnly
  /// A withdrawal has another amount.
  case withdrawal
}

package enum TransactionForgery: Hashable, Sendable {
  case recipient(EthereumAddress)
  case value(UInt256)
  case input([UInt8])
  /// Whom the node names as sender: nothing that is hashed.
  case sender(EthereumAddress)
  /// A type that no fork has.
  case unknownType
}

package enum ReceiptForgery: Hashable, Sendable {
  /// None at all: an empty list, which isn't null.
  case empty
  /// The last is missing.
  case missing
  /// The last is there twice.
  case extra
  /// The last has the other status.
  case status
  /// Another bloom in the last.
  case bloom
  /// More gas in the last.
  case gas
  /// The last log has another recipient.
  case logRecipient(EthereumAddress)
  /// The last log has another value.
  case logValue(UInt256)
  /// The last log is missing.
  case missingLog
  /// A Transfer that nobody logged stands behind the last one.
  case addedTransfer(contract: EthereumAddress, to: EthereumAddress, UInt256)
  /// All in the reverse order.
  case reversed
  /// A block's hash that isn't the one asked for.
  case blockHash
  /// The last has a type that no fork has.
  case unknownType
}

package enum LogForgery: Hashable, Sendable {
  /// All but these.
  case only(from: UInt64)
  /// All are marked as removed.
  case removed
  /// A Transfer that nobody logged comes last.
  case addedTransfer(contract: EthereumAddress, to: EthereumAddress, UInt256)
  /// Block-wide indices and transaction hashes are made up: they aren't secured by anything.
  case misplaced
}

package enum TraceForgery: Hashable, Sendable {
  /// A call that nobody made pays this in the last transaction.
  case phantom(to: EthereumAddress, UInt256)
  /// All inner calls are missing.
  case withoutCalls
  /// Failed calls don't say that they failed.
  case withoutErrors
  /// Every inner value is twice what it was.
  case doubled
  /// The last transaction's is missing.
  case missing
  /// Before each call stands one that failed, which other clients leave out: no lie.
  case renumbered
  /// Every inner value comes in so many calls instead of one.
  case split(Int)
}

package enum ProofForgery: Hashable, Sendable {
  /// The account has this balance, and the nodes are the true ones.
  case balance(UInt256)
  /// The last node is missing.
  case truncated
  /// A bit of the last node.
  case flippedBit
  /// Nodes and account of another block's state: the parent's.
  case parentState
}

/// What a provider refuses, and how it says so (the words as issue trackers quote them).
package struct LogLimit: Hashable, Sendable {
  package var provider: Provider
  /// The most blocks in a range; nil for any.
  package var blocks: UInt64?
  /// The most logs in an answer; nil for any.
  package var results: Int?

  package enum Provider: Hashable, Sendable, CaseIterable {
    case geth, infura, alchemy, quickNode, reth
    /// As reth, but the range it suggests is the one that was asked for (reth#23810).
    case rethSuggestingTheSame
  }

  package init(_ provider: Provider, blocks: UInt64? = nil, results: Int? = nil) {
    self.provider = provider
    self.blocks = blocks
    self.results = results
  }
}
