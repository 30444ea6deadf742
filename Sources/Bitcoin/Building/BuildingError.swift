package import ChainTypes

/// Why no transaction can be built as asked. Amounts in satoshi.
package enum BuildingError: Error, Hashable, Sendable {
  /// All coins that bring more than they cost don't suffice; at least so much is missing.
  case notEnough(missing: UInt64)
  /// A payment below what nodes relay, after its share of the fee where it pays one.
  case dustPayment(index: Int, value: UInt64, limit: UInt64)
  /// The fee that is needed exceeds what is allowed.
  case feeAboveCeiling(fee: UInt64, ceiling: UInt64)
  /// The payments can't be made with so few coins.
  case tooManyInputs(limit: Int)
  /// Nodes don't relay a transaction of that weight, in weight units.
  case tooLarge(weight: Int)
  /// There is nobody to pay, and no change either.
  case noOutputs
  /// More than all bitcoin there will ever be.
  case valueTooLarge
  /// So much is left over, and there is nowhere for it to go.
  case noChangeOutput(excess: UInt64)
  /// A replacement that has to spend none of the inputs of what it replaces.
  case replacesNothing
  /// A P2PKH coin without the transaction that has it can't be signed.
  case missingPreviousTransaction(Outpoint)
}

extension BuildingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notEnough(let missing): "final coins are \(missing) satoshi too few, at the least"
    case .dustPayment(_, let value, let limit):
      "\(value) satoshi are too few for an output: nodes relay nothing below \(limit)"
    case .feeAboveCeiling(let fee, let ceiling):
      "it takes a fee of \(fee) satoshi, and \(ceiling) are allowed"
    case .tooManyInputs(let limit): "it takes more than \(limit) coins"
    case .tooLarge(let weight): "it would weigh \(weight), and nodes relay 400000"
    case .noOutputs: "there is nobody to pay"
    case .valueTooLarge: "it comes to more than all bitcoin"
    case .noChangeOutput(let excess): "\(excess) satoshi are left over, and have nowhere to go"
    case .replacesNothing: "it spends nothing of what it is to replace"
    case .missingPreviousTransaction(let outpoint):
      "the transaction that has the coin \(outpoint) isn't recorded"
    }
  }
}
