internal import Addresses
package import Bytes
package import ChainTypes
internal import Digests

/// What a node's answers about one block prove: its header by its hash, its transactions,
/// withdrawals and receipts by the roots that the header holds.
///
/// The answers are turned from JSON into the encodings that the roots cover, and only these are
/// kept and read afterwards: whatever is found here was hashed.
package struct BlockProof: Sendable {
  package let header: EthereumHeader
  package let hash: Hash32
  package let profile: ProofProfile
  /// Nil where the answer has the transactions' hashes alone: then nothing is proved about them.
  let transactionsTrie: IndexTrie?
  /// None before Shanghai and on OP-stack chains.
  package let withdrawals: [Withdrawal]
  /// Nil until they are proved.
  private(set) var receiptsTrie: IndexTrie?

  /// The hashes that the answer has in place of the transactions; not proved.
  private let claimedHashes: [Hash32]
  /// Whom the node names as senders; not proved.
  private let claimedSenders: [EthereumAddress?]

  /// Proves a block from the answer to `eth_getBlockByHash`, with whole transactions or without.
  ///
  /// - Parameters:
  ///   - answer: the `result`'s bytes; with the transactions' hashes alone on a chain whose
  ///     transactions can't be proved
  ///   - expected: the hash that was asked for; nil takes the one that the answer names, which
  ///     proves that its parts belong together and nothing more
  package init(
    block answer: RawSpan, expecting expected: Hash32?, profile: ProofProfile
  ) throws(BlockProofError) {
    let block: BlockAnswer
    do {
      block = try BlockAnswer(answer, allowing: profile.allows)
    } catch {
      throw .answer(error)
    }
    header = block.header
    hash = block.header.hash
    self.profile = profile
    claimedHashes = block.transactionHashes
    claimedSenders = block.claimedSenders
    try Self.checkHeader(block, hash: hash, expecting: expected)
    transactionsTrie = block.transactions.map(IndexTrie.init)
    if let root = transactionsTrie?.root, root != header.transactionsRoot {
      throw .transactionsRoot(expected: header.transactionsRoot, found: root)
    }
    withdrawals = try Self.withdrawals(of: block, profile: profile)
  }

  /// How large what was proved is, encoded.
  package var byteCount: Int {
    (transactions?.bytes.count ?? 0) + (receipts?.bytes.count ?? 0)
  }

  /// Proves a block and its receipts at once.
  package static func verify(
    block: RawSpan, receipts: RawSpan, expecting expected: Hash32?, profile: ProofProfile
  ) throws(BlockProofError) -> BlockProof {
    var proof = try BlockProof(block: block, expecting: expected, profile: profile)
    try proof.prove(receipts: receipts)
    return proof
  }

  private static func checkHeader(
    _ block: BlockAnswer, hash: Hash32, expecting expected: Hash32?
  ) throws(BlockProofError) {
    guard let expected = expected ?? block.claimedHash else {
      throw .answer(.answer(.missing("hash")))
    }
    if hash != expected {
      guard block.unknownMembers.isEmpty else {
        throw .unknownHeader(expected: expected, members: block.unknownMembers)
      }
      throw .headerHash(expected: expected, found: hash)
    }
    // A gap among the forks' fields would encode as another header.
    guard block.header.hasContiguousFields else { throw .answer(.unverifiable(.headerFields)) }
  }

  private static func withdrawals(
    of block: BlockAnswer, profile: ProofProfile
  ) throws(BlockProofError) -> [Withdrawal] {
    // On an OP-stack chain the root is that of a contract's storage, and the list is empty.
    guard profile == .ethereum, let expected = block.header.withdrawalsRoot else { return [] }
    guard let items = block.withdrawals else {
      throw .answer(.answer(.missing("withdrawals")))
    }
    let root = TrieRoot.root(of: items)
    guard root == expected else { throw .withdrawalsRoot(expected: expected, found: root) }
    var withdrawals: [Withdrawal] = []
    withdrawals.reserveCapacity(items.count)
    for index in 0..<items.count {
      do {
        let bytes = items.bytes.span.bytes
        withdrawals.append(try Withdrawal(rlp: bytes.extracting(items.range(of: index))))
      } catch {
        throw .answer(.rlp(error))
      }
    }
    return withdrawals
  }
}

// Receipts.
extension BlockProof {
  /// Proves the receipts from the answer to `eth_getBlockReceipts`.
  package mutating func prove(receipts answer: RawSpan) throws(BlockProofError) {
    try prove(Self.encoded(receipts: answer, profile: profile))
  }

  /// The receipts of an answer to `eth_getBlockReceipts` as the trie has them; not proved.
  package static func encoded(
    receipts answer: RawSpan, profile: ProofProfile
  ) throws(BlockProofError) -> TrieItems {
    var items = TrieItems()
    do {
      var reader = AnswerReader(answer)
      if try reader.skipNull() { throw AnswerError.null }
      var encoder = ReceiptEncoder(profile)
      try reader.openArray()
      while try reader.nextElement() { try encoder.encode(&reader, to: &items) }
      try reader.expectEnd()
    } catch let error as EthereumError {
      throw .answer(error)
    } catch let error as AnswerError {
      throw .answer(.answer(error))
    } catch {
      throw .answer(.invalid(.status))
    }
    return items
  }

  /// Proves the receipts from the answers to `eth_getTransactionReceipt`, one for each transaction
  /// and in their order.
  package mutating func prove(singleReceipts answers: [[UInt8]]) throws(BlockProofError) {
    var items = TrieItems()
    var encoder = ReceiptEncoder(profile)
    for answer in answers {
      do {
        let bytes = answer.span.bytes
        var reader = AnswerReader(bytes)
        if try reader.skipNull() { throw AnswerError.null }
        try encoder.encode(&reader, to: &items)
        try reader.expectEnd()
      } catch let error as EthereumError {
        throw .answer(error)
      } catch let error as AnswerError {
        throw .answer(.answer(error))
      } catch {
        throw .answer(.invalid(.status))
      }
    }
    try prove(items)
  }

  private mutating func prove(_ items: TrieItems) throws(BlockProofError) {
    guard items.count == transactionCount else {
      throw .receiptCount(items.count, transactions: transactionCount)
    }
    let trie = IndexTrie(items)
    guard trie.root == header.receiptsRoot else {
      throw .receiptsRoot(expected: header.receiptsRoot, found: trie.root)
    }
    try checkGas(of: items)
    receiptsTrie = trie
  }

  /// Every transaction uses gas, and the last receipt's sum is the block's; from Amsterdam on
  /// (EIP-7778) the header counts otherwise. Chains of other rules count as they like.
  private func checkGas(of items: TrieItems) throws(BlockProofError) {
    guard profile.provesTransactions else { return }
    var sum: UInt64 = 0
    for index in 0..<items.count {
      let bytes = items.bytes.span.bytes.extracting(items.range(of: index))
      let cumulative: UInt64
      do {
        cumulative = try ReceiptWalk(bytes).cumulativeGasUsed
      } catch {
        throw .answer(.invalid(.status))
      }
      guard cumulative > sum || (profile == .opStack && cumulative == sum) else {
        throw .gasUsed(receipt: index)
      }
      sum = cumulative
    }
    guard header.blockAccessListHash != nil || sum == header.gasUsed else {
      throw .gasUsed(receipt: items.count - 1)
    }
  }
}

// What is in the block.
extension BlockProof {
  /// The proved transactions, encoded; nil where they aren't.
  package var transactions: TrieItems? { transactionsTrie?.items }

  /// The proved receipts, encoded; nil where they aren't.
  package var receipts: TrieItems? { receiptsTrie?.items }

  package var block: (number: UInt64, hash: Hash32) { (header.number, hash) }

  package var transactionCount: Int { transactions?.count ?? claimedHashes.count }

  /// The hash of a transaction: of what was proved, or the node's word where its answer has hashes
  /// alone.
  package func transactionHash(at index: Int) -> Hash32 {
    guard let transactions else { return claimedHashes[index] }
    return Keccak256.hash(transactions.bytes.span.bytes.extracting(transactions.range(of: index)))
  }

  /// The same of all of them.
  package var transactionHashes: [Hash32] {
    guard let transactions else { return claimedHashes }
    return Keccak256.hashes(
      of: (0..<transactions.count).map(transactions.range), in: transactions.bytes)
  }

  /// A proved transaction; nil where they aren't.
  package func transaction(at index: Int) throws(BlockProofError) -> EthereumTransaction? {
    guard let transactions else { return nil }
    do {
      return try EthereumTransaction(
        encoded: transactions.bytes.span.bytes.extracting(transactions.range(of: index)))
    } catch {
      throw .answer(error)
    }
  }

  /// A proved receipt; nil where they aren't.
  package func receipt(at index: Int) throws(BlockProofError) -> EthereumReceipt? {
    guard let receipts else { return nil }
    do {
      return try EthereumReceipt(
        encoded: receipts.bytes.span.bytes.extracting(receipts.range(of: index)))
    } catch {
      throw .answer(error)
    }
  }

  /// Whom the node names as sender of a transaction.
  func claimedSender(at index: Int) -> EthereumAddress? { claimedSenders[index] }
}
