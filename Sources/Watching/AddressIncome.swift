package import Bytes
package import ChainTypes

/// Coin that a block brought to a watched address without a transfer. It pays for nothing.
package struct AddressIncome: Hashable, Sendable {
  package let block: BlockRef
  package let ordinal: UInt64
  package let source: IncomeSource
  /// Wei, never zero.
  package let value: UInt256

  package init(block: BlockRef, ordinal: UInt64, source: IncomeSource, value: UInt256) {
    self.block = block
    self.ordinal = ordinal
    self.source = source
    self.value = value
  }
}

/// Where an income is from. An address has one of each in a block.
package enum IncomeSource: Hashable, Sendable {
  /// A validator's, by the withdrawal's index (EIP-4895).
  case withdrawal(UInt64)
  /// The tips of the block's transactions, whose beneficiary the address is.
  case fees
  /// A proved balance shows it, and nothing that is known explains it: contracts moved it in this
  /// block or an earlier one.
  case unattributed
}

extension IncomeSource: CustomStringConvertible {
  /// `withdrawal:71`, `fees`, `unattributed`.
  package var description: String {
    switch self {
    case .withdrawal(let index): "withdrawal:\(index)"
    case .fees: "fees"
    case .unattributed: "unattributed"
    }
  }

  /// From its description; nil where it is none.
  package init?(_ text: String) {
    switch text {
    case "fees": self = .fees
    case "unattributed": self = .unattributed
    default:
      guard text.hasPrefix("withdrawal:"), let index = UInt64(text.dropFirst(11)) else {
        return nil
      }
      self = .withdrawal(index)
    }
  }
}
