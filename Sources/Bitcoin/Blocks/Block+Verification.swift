package import Bytes
package import ChainTypes

extension Block {
  /// Decodes and verifies a block step by step: the slow oracle of `BlockScanner`, with the same
  /// errors for the same bytes.
  package static func verified(
    bytes: RawSpan, expecting expected: Hash32?, network: BitcoinNetwork,
    verification: BlockVerification = .full
  ) throws(BlockError) -> Block {
    let header: BlockHeader
    do {
      var reader = WireReader(bytes)
      header = try BlockHeader(reading: &reader)
    } catch {
      throw .decoding(error)
    }
    if let expected, expected != header.hash {
      throw .headerHash(expected: expected, found: header.hash)
    }
    do {
      try ProofOfWork.check(hash: header.hash, bits: header.bits, network: network)
    } catch {
      throw .proofOfWork(error)
    }
    guard bytes.byteCount <= TransactionLimits.maximumWeight else {
      throw .tooHeavy(weight: bytes.byteCount)
    }
    let block: Block
    do {
      block = try Block(bytes: bytes)
    } catch {
      throw .decoding(error)
    }
    try block.verifyTransactions(verification)
    return block
  }

  /// The checks that come after header and proof of work.
  private func verifyTransactions(_ verification: BlockVerification) throws(BlockError) {
    guard let first = transactions.first else { throw .noTransactions }
    guard first.isCoinbase else { throw .firstIsNotCoinbase }
    if let index = transactions.indices.dropFirst().first(where: { transactions[$0].isCoinbase }) {
      throw .misplacedCoinbase(index: index)
    }
    guard weight <= TransactionLimits.maximumWeight else { throw .tooHeavy(weight: weight) }
    guard verification != .alreadyVerified else { return }
    let (root, mutated) = MerkleTree.root(of: transactions.map(\.txid))
    guard root == header.merkleRoot else {
      throw .merkleRoot(expected: header.merkleRoot, found: root)
    }
    guard !mutated else { throw .mutated(hash) }
    do {
      try WitnessCommitment.verify(transactions, segwit: verification == .full)
    } catch {
      throw .witness(error)
    }
  }
}
