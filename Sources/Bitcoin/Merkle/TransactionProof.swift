package import Bytes
internal import Digests

/// Evidence that a transaction stands in the block with a given merkle root.
///
/// A merkle tree doesn't say which of its nodes are leaves. A transaction of 64 bytes without its
/// witness can pass for an inner node, and an inner node for such a transaction (CVE-2017-12842):
/// whoever gets one mined can "prove" a payment that is in no block. Where a proof leaves room for
/// that, the coinbase has to be proved too: it is the first leaf, its form can't be forged in a
/// node's 64 bytes, and all leaves are equally deep.
package struct TransactionProof: Hashable, Sendable {
  /// Without witness.
  package let transaction: [UInt8]
  package let branch: MerkleBranch
  package let coinbase: Coinbase?

  /// The block's first transaction, without witness, and its branch.
  package struct Coinbase: Hashable, Sendable {
    package let transaction: [UInt8]
    package let siblings: [Hash32]

    package init(transaction: [UInt8], siblings: [Hash32]) {
      self.transaction = transaction
      self.siblings = siblings
    }
  }

  package enum Failure: Error, Hashable, Sendable {
    case transaction(BitcoinDecodingError)
    /// The transaction came with its witness, which the txid doesn't cover.
    case notStripped
    case coinbase(BitcoinDecodingError)
    case notACoinbase(txid: Hash32)
    /// The branch, or the coinbase's, can't be one.
    case malformedBranch
    /// The branches lead to another root, or to none together.
    case root(expected: Hash32, found: Hash32)
    /// The coinbase is as deep as every other transaction; this one isn't.
    case coinbaseDepth(Int, expected: Int)
    /// 64 bytes on the way can be read both as a transaction and as two nodes, and no coinbase
    /// shows how deep the tree is.
    case ambiguous
  }

  package init(transaction: [UInt8], branch: MerkleBranch, coinbase: Coinbase? = nil) {
    self.transaction = transaction
    self.branch = branch
    self.coinbase = coinbase
  }

  /// The proof of the transaction at `position`, with that of the coinbase where `withCoinbase`;
  /// nil where there is no such transaction.
  package init?(of block: Block, at position: Int, withCoinbase: Bool = false) {
    let txids = block.transactions.map(\.txid)
    guard let branch = MerkleBranch(of: txids, at: position),
      let first = MerkleBranch(of: txids, at: 0)
    else { return nil }
    self.init(
      transaction: block.transactions[position].strippedBytes, branch: branch,
      coinbase: withCoinbase
        ? Coinbase(transaction: block.transactions[0].strippedBytes, siblings: first.siblings)
        : nil)
  }

  /// The txid of the transaction, once it is proved to be a leaf under `root` (a verified header's
  /// merkle root).
  package func verify(root: Hash32) throws(Failure) -> Hash32 {
    let decoded: Transaction
    do {
      decoded = try Transaction(bytes: transaction)
    } catch {
      throw .transaction(error)
    }
    guard !decoded.hasWitness else { throw .notStripped }
    let txid = SHA256d.hash(transaction)
    guard let path = branch.path(from: txid) else { throw .malformedBranch }
    guard path.root == root else { throw .root(expected: root, found: path.root) }
    if let coinbase {
      try verify(coinbase, root: root)
    } else if Self.isAmbiguous(transaction, path: path.pairs) {
      throw .ambiguous
    }
    return txid
  }

  private func verify(_ coinbase: Coinbase, root: Hash32) throws(Failure) {
    let decoded: Transaction
    do {
      decoded = try Transaction(bytes: coinbase.transaction)
    } catch {
      throw .coinbase(error)
    }
    guard !decoded.hasWitness else { throw .notStripped }
    let txid = SHA256d.hash(coinbase.transaction)
    guard decoded.isCoinbase else { throw .notACoinbase(txid: txid) }
    guard coinbase.siblings.count == branch.siblings.count else {
      throw .coinbaseDepth(coinbase.siblings.count, expected: branch.siblings.count)
    }
    let first = MerkleBranch(position: 0, siblings: coinbase.siblings)
    guard let found = first.root(from: txid) else { throw .malformedBranch }
    guard found == root else { throw .root(expected: root, found: found) }
  }

  /// Whether 64 bytes on the way from a transaction, without witness, to the root can be read both
  /// as a transaction and as two nodes.
  static func isAmbiguous(
    _ transaction: [UInt8], path pairs: [(left: Hash32, right: Hash32)]
  ) -> Bool {
    transaction.count == 64 || pairs.contains(where: readsAsTransaction)
  }

  /// Whether two nodes' 64 bytes are also a transaction: of honest nodes, one pair in 2^40 is.
  static func readsAsTransaction(_ pair: (left: Hash32, right: Hash32)) -> Bool {
    guard let transaction = try? Transaction(bytes: pair.left.bytes + pair.right.bytes) else {
      return false
    }
    return !transaction.hasWitness
  }
}
