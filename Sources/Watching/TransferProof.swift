internal import Bitcoin
package import Bytes
internal import ChainTracking
package import ChainTypes

/// Evidence that a transaction of transfers stands in a block: whoever has the block's hash from
/// elsewhere can check it (`TransactionProof`). One for each transaction and block, however many
/// of its outputs are transfers.
package struct TransferProof: Hashable, Sendable {
  package let txid: Hash32
  package let block: BlockRef
  /// The block's, 80 bytes.
  package let header: [UInt8]
  /// The transaction's place in the block.
  package let position: UInt32
  /// Without its witness, which the txid doesn't cover.
  package let transaction: [UInt8]
  /// The hashes beside the way from the txid to the header's merkle root, lowest level first;
  /// internal byte order.
  package let siblings: [Hash32]
  /// The block's first transaction, without its witness: as deep in the tree as all others, it
  /// shows that none of these nodes is a transaction or the reverse (CVE-2017-12842).
  package let coinbase: [UInt8]
  package let coinbaseSiblings: [Hash32]

  package init(
    txid: Hash32, block: BlockRef, header: [UInt8], position: UInt32, transaction: [UInt8],
    siblings: [Hash32], coinbase: [UInt8], coinbaseSiblings: [Hash32]
  ) {
    self.txid = txid
    self.block = block
    self.header = header
    self.position = position
    self.transaction = transaction
    self.siblings = siblings
    self.coinbase = coinbase
    self.coinbaseSiblings = coinbaseSiblings
  }

  /// That of a match in a block that was scanned for proofs; nil where the match has none.
  init?(_ match: MatchedTransaction, in block: BlockRef, header: BlockHeader) {
    guard let proof = match.proof, let coinbase = proof.coinbase else { return nil }
    self.init(
      txid: match.txid, block: block, header: header.bytes, position: proof.branch.position,
      transaction: proof.transaction, siblings: proof.branch.siblings,
      coinbase: coinbase.transaction, coinbaseSiblings: coinbase.siblings)
  }

  /// How much room it takes, about.
  var byteCount: Int {
    header.count + transaction.count + coinbase.count
      + 32 * (siblings.count + coinbaseSiblings.count)
  }

  /// Those of `proofs`, each once, whose transactions `changes` put into their blocks: what is
  /// recorded and doesn't count, such as dust, needs no proof.
  static func needed(
    by changes: [TransferChange], among proofs: some Sequence<TransferProof>
  ) -> [TransferProof] {
    var inclusions: Set<Inclusion> = []
    for change in changes where change.after.state.isInActiveChain {
      guard let block = change.after.state.block else { continue }
      inclusions.insert(Inclusion(txid: change.after.id.txid, block: block))
    }
    guard !inclusions.isEmpty else { return [] }
    return proofs.filter {
      inclusions.remove(Inclusion(txid: $0.txid, block: $0.block)) != nil
    }
  }

  private struct Inclusion: Hashable {
    let txid: Hash32
    let block: BlockRef
  }
}
