/// Why something of an EVM chain can't be read.
package enum EthereumError: Error, Hashable, Sendable {
  case rlp(RLPError)
  case answer(AnswerError)
  case unverifiable(Unverifiable)
  /// A field holds what no such structure can, such as a signature that no key makes.
  case invalid(InvalidField)

  /// Something this version doesn't know, so that nothing can be proved with it. It may be sound:
  /// a newer fork's, or another chain's.
  package enum Unverifiable: Hashable, Sendable {
    /// A header with fields of a fork to come, or without one of those before.
    case headerFields
    case transactionType(UInt64)
    case receiptType(UInt64)
    /// A chain id or `v` of more than 64 bits.
    case chainID
  }

  package enum InvalidField: Hashable, Sendable {
    case nonce
    case recipient
    case signature
    case status
    case authorization
    case topics
  }
}
