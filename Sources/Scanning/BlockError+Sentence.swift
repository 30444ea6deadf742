package import Bitcoin
internal import Bytes

extension BlockError {
  /// The reason in words, hashes in display order.
  package var sentence: String {
    switch self {
    case .decoding(let error): "not a block: \(error)"
    case .headerHash(let expected, let found):
      "its hash is \(found.displayHex), not \(expected.displayHex)"
    case .proofOfWork(let failure): "proof of work: \(failure)"
    case .tooHeavy(let weight): "weighs \(weight), more than a block may"
    case .noTransactions: "has no transactions"
    case .firstIsNotCoinbase: "its first transaction is no coinbase"
    case .misplacedCoinbase(let index): "transaction \(index) is a coinbase"
    case .merkleRoot(let expected, let found):
      "its merkle root is \(found.displayHex), its header says \(expected.displayHex)"
    case .mutated(let hash): "\(hash.displayHex) with repeated transactions (CVE-2012-2459)"
    case .witness(let failure): "witness commitment: \(failure)"
    }
  }
}
