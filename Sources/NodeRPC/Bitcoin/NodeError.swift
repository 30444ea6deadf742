package import Bytes

/// Why a question to a node brought no answer.
package enum NodeError: Error, Equatable, Sendable {
  /// The node has never seen this block.
  case unknownBlock(Hash32)
  /// The node knows the block's header but doesn't have its data: pruned, or not downloaded yet.
  case pruned(Hash32)
  case heightOutOfRange(UInt32)
  case transactionRefused(BroadcastRefusal, message: String)
  /// The node is on another chain than it should be.
  case anotherChain(String)
  /// The node is still downloading the chain, or building it anew: its tip means nothing yet.
  case initialBlockDownload
  /// What the node gave leads to nothing that can be believed, though it may not be a lie.
  case unusable(String)
  case rpc(RPCError)

  /// Why a node didn't take a transaction: by `sendrawtransaction`'s codes, or the words of
  /// `eth_sendRawTransaction`.
  package enum BroadcastRefusal: Equatable, Sendable {
    /// −25: inputs missing or spent, or a fee or burn above the node's own bounds. On EVM chains:
    /// the account can't pay value and gas.
    case inputsOrBounds
    /// −26: consensus or policy, such as a fee below the floor or a replacement that pays too
    /// little.
    case rejected
    /// An EVM node has this very transaction, in its mempool or, as some say, in a block.
    case alreadyKnown
    /// The account has sent a transaction with this nonce, be it this one or another.
    case nonceUsed
    /// The fee is below an EVM node's floor, or too low to replace another of the same nonce.
    case underpriced
    /// −27: its outputs are in the UTXO set. A success only if this very txid is found in a block.
    case alreadyInUTXOSet
  }

  /// Whether the fault lies with the node rather than with what was asked of it.
  package var countsAgainstNode: Bool {
    switch self {
    case .anotherChain, .initialBlockDownload, .unusable, .rpc(.circuitOpen), .rpc(.warmingUp):
      true
    case .rpc(let error): error.countsAgainstNode
    case .pruned, .unknownBlock, .heightOutOfRange, .transactionRefused: false
    }
  }
}
