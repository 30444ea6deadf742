package import Bytes
internal import Ethereum

/// Why a node doesn't take a transaction.
package enum EthereumRefusal: Error, Hashable, Sendable {
  case alreadyKnown
  case undecodable(String)
  case invalidSender
  case unsupportedType
  case unprotected
  case wrongChain(have: UInt64, want: UInt64)
  case exceedsBlockGasLimit
  case intrinsicGas(have: UInt64, want: UInt64)
  case tipAboveFeeCap
  case nonceTooLow(next: UInt64, transaction: UInt64)
  case nonceTooHigh(next: UInt64, transaction: UInt64)
  case insufficientFunds(balance: UInt256, cost: UInt256)
  case replacementUnderpriced
  case feeCapTooLow(cap: UInt256, baseFee: UInt256)
  case blockIsFull

  /// In geth's words.
  package var message: String {
    switch self {
    case .alreadyKnown: "already known"
    case .undecodable(let reason): reason
    case .invalidSender: "invalid sender"
    case .unsupportedType: "transaction type not supported"
    case .unprotected: "only replay-protected (EIP-155) transactions allowed over RPC"
    case .wrongChain(let have, let want):
      "invalid chain id for signer: have \(have) want \(want)"
    case .exceedsBlockGasLimit: "exceeds block gas limit"
    case .intrinsicGas(let have, let want):
      "intrinsic gas too low: gas \(have), minimum needed \(want)"
    case .tipAboveFeeCap: "max priority fee per gas higher than max fee per gas"
    case .nonceTooLow(let next, let nonce):
      "nonce too low: next nonce \(next), tx nonce \(nonce)"
    case .nonceTooHigh(let next, let nonce):
      "nonce too high: next nonce \(next), tx nonce \(nonce)"
    case .insufficientFunds(let balance, let cost):
      "insufficient funds for gas * price + value: balance \(balance), tx cost \(cost), "
        + "overshot \(cost.subtractingOrZero(balance))"
    case .replacementUnderpriced: "replacement transaction underpriced"
    case .feeCapTooLow(let cap, let baseFee):
      "max fee per gas less than block base fee: maxFeePerGas: \(cap), baseFee: \(baseFee)"
    case .blockIsFull: "gas limit reached"
    }
  }

  /// What a transaction must meet in the mempool and in a block alike; its nonce may be ahead.
  static func check(
    _ known: KnownEthereumTransaction, account: AccountState, gas: UInt64,
    l1Attributes: L1Attributes?, options: EthereumChainOptions
  ) throws(EthereumRefusal) {
    let transaction = known.transaction
    switch transaction.type {
    case .legacy, .accessList, .dynamicFee: break
    // Blobs and authorizations aren't executed here.
    case .blob, .setCode, .deposit: throw .unsupportedType
    }
    guard let chainID = transaction.chainID else { throw .unprotected }
    guard chainID == options.chainID else {
      throw .wrongChain(have: chainID, want: options.chainID)
    }
    guard transaction.gasLimit <= options.gasLimit else { throw .exceedsBlockGasLimit }
    guard transaction.gasLimit >= gas else {
      throw .intrinsicGas(have: transaction.gasLimit, want: gas)
    }
    guard known.caps.maxPriorityFeePerGas <= known.caps.maxFeePerGas else {
      throw .tipAboveFeeCap
    }
    guard transaction.nonce >= account.nonce else {
      throw .nonceTooLow(next: account.nonce, transaction: transaction.nonce)
    }
    let cost = known.highestCost(l1Attributes) ?? .max
    guard account.balance >= cost else {
      throw .insufficientFunds(balance: account.balance, cost: cost)
    }
  }
}
