package import Bytes

/// Why nothing of a block is proved by a node's answers.
package enum BlockProofError: Error, Hashable, Sendable {
  /// An answer can't be read, or what it says has no encoding.
  case answer(EthereumError)
  /// The header is that of another block, or has been changed.
  case headerHash(expected: Hash32, found: Hash32)
  /// The same, and the answer has members that this version doesn't know: those of a fork to come,
  /// perhaps. It proves nothing, and the node may be sound.
  case unknownHeader(expected: Hash32, members: [String])
  case transactionsRoot(expected: Hash32, found: Hash32)
  case withdrawalsRoot(expected: Hash32, found: Hash32)
  case receiptsRoot(expected: Hash32, found: Hash32)
  /// A receipt for each transaction there must be.
  case receiptCount(Int, transactions: Int)
  /// The receipts' cumulative gas doesn't grow, or doesn't end at the header's.
  case gasUsed(receipt: Int)
  /// The transaction's signature is that of another account than the node says, or no account's.
  case sender(transaction: Int)

  /// Whether the answer is of a kind that this version can't judge, rather than wrong.
  package var isUnverifiable: Bool {
    switch self {
    case .answer(.unverifiable), .unknownHeader: true
    default: false
    }
  }
}
