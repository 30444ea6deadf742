package import Bitcoin
package import Bytes
internal import ChainTracking
package import ChainTypes
package import Ethereum

/// Evidence that a transaction of transfers stands in a block: whoever has the block's hash from
/// elsewhere can check it. One for each transaction and block, however many of its outputs are
/// transfers.
package struct TransferProof: Hashable, Sendable {
  package let txid: Hash32
  package let block: BlockRef
  package let evidence: Evidence

  package enum Evidence: Hashable, Sendable {
    /// With the block's header, 80 bytes.
    case inclusion(TransactionProof, header: [UInt8])
    case execution(ExecutionProof)
  }

  package init(txid: Hash32, block: BlockRef, evidence: Evidence) {
    self.txid = txid
    self.block = block
    self.evidence = evidence
  }

  /// That of a match in a block that was scanned for proofs; nil where the match has none.
  init?(_ match: MatchedTransaction, in block: BlockRef, header: BlockHeader) {
    guard let proof = match.proof, proof.coinbase != nil else { return nil }
    self.init(
      txid: match.txid, block: block, evidence: .inclusion(proof, header: header.bytes))
  }

  /// How much room it takes, about.
  package var byteCount: Int {
    switch evidence {
    case .inclusion(let proof, let header):
      header.count + proof.transaction.count + 32 * proof.branch.siblings.count
        + (proof.coinbase.map { $0.transaction.count + 32 * $0.siblings.count } ?? 0)
    case .execution(let proof): proof.byteCount
    }
  }

  /// Those of `proofs`, each once, whose transactions `changes` put into their blocks: what is
  /// recorded and doesn't count, such as dust, needs no proof.
  static func needed(
    by changes: [TransferChange], among proofs: some Sequence<TransferProof>
  ) -> [TransferProof] {
    var inclusions = Set(changes.lazy.compactMap(Inclusion.init))
    guard !inclusions.isEmpty else { return [] }
    return proofs.filter {
      inclusions.remove(Inclusion(txid: $0.txid, block: $0.block)) != nil
    }
  }

  /// A transaction that a change has in a block.
  private struct Inclusion: Hashable {
    let txid: Hash32
    let block: BlockRef

    init(txid: Hash32, block: BlockRef) {
      self.txid = txid
      self.block = block
    }

    init?(_ change: TransferChange) {
      guard change.after.state.isInActiveChain, let block = change.after.state.block else {
        return nil
      }
      self.init(txid: change.after.id.txid, block: block)
    }
  }
}
