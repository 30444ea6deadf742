package import Bytes

/// Why the bytes of a block are refused. Hashes are in internal byte order.
///
/// All but `proofOfWork` speak of the bytes alone: the block with this hash may be sound, so it is
/// fetched again, elsewhere, and its hash never remembered as bad.
package enum BlockError: Error, Hashable, Sendable {
  /// The bytes aren't a block.
  case decoding(BitcoinDecodingError)
  /// The header is that of another block than the one asked for.
  case headerHash(expected: Hash32, found: Hash32)
  /// The hash doesn't meet the target, or there is no such target on this network.
  case proofOfWork(ProofOfWork.Failure)
  /// More than a block may weigh (BIP-0141); where the bytes alone are too many, their number.
  case tooHeavy(weight: Int)
  case noTransactions
  case firstIsNotCoinbase
  /// A coinbase that isn't the first transaction.
  case misplacedCoinbase(index: Int)
  /// The transactions aren't those that the header commits to.
  case merkleRoot(expected: Hash32, found: Hash32)
  /// The merkle root fits, but the list repeats transactions (CVE-2012-2459).
  case mutated(Hash32)
  case witness(WitnessCommitment.Failure)
}
