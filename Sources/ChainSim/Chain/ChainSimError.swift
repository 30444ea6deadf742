package import Bytes
package import ChainTypes

/// Why a simulated node can't do what a test or a demonstration asks of it.
package enum ChainSimError: Error, Hashable, Sendable {
  case unknownBlock(Hash32)
  /// Only a transaction in the mempool can be replaced, evicted or selected for a block.
  case notInMempool(Hash32)
  /// The faucet has no coins that cover this much, in satoshi: mine more blocks.
  case insufficientFunds(needed: UInt64, available: UInt64)
  /// An output's value, or their sum, is above all the coins there can be.
  case valueTooLarge(UInt64)
  /// The output isn't in the UTXO set and no unspent output of the mempool.
  case noSuchOutput(Outpoint)
  /// The transaction has no output of the faucet's.
  case noChange(Hash32)
  /// The fork would begin before the genesis block.
  case forkTooDeep(depth: UInt32, height: UInt32)
  case transactionRefused(TransactionRefusal)
  /// The reason as Bitcoin Core words it.
  case blockRefused(Hash32, reason: String)
}
