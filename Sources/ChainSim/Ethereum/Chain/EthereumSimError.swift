package import Bytes

/// Why a simulated EVM node can't do what a test or a demonstration asks of it.
package enum EthereumSimError: Error, Hashable, Sendable {
  case unknownBlock(Hash32)
  case notInMempool(Hash32)
  /// Only the simulated accounts' transactions can be signed anew.
  case unknownKey(Hash32)
  /// The fork would begin before the genesis block.
  case forkTooDeep(depth: UInt64, number: UInt64)
  /// The transaction can't stand where it was put in a block.
  case refused(Hash32, EthereumRefusal)
}
