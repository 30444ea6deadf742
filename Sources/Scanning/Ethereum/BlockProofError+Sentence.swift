internal import Bytes
internal import ChainTypes
package import Ethereum

extension BlockProofError {
  /// The reason in words.
  package var sentence: String {
    switch self {
    case .answer(let error): error.sentence
    case .headerHash(let expected, let found):
      "its header hashes to 0x\(found.hex) instead of 0x\(expected.hex)"
    case .unknownHeader(let expected, let members):
      "its header doesn't hash to 0x\(expected.hex), and it has members of a fork that this version "
        + "doesn't know: \(members.joined(separator: ", "))"
    case .transactionsRoot(let expected, let found):
      "its transactions have the root 0x\(found.hex), the header says 0x\(expected.hex)"
    case .withdrawalsRoot(let expected, let found):
      "its withdrawals have the root 0x\(found.hex), the header says 0x\(expected.hex)"
    case .receiptsRoot(let expected, let found):
      "its receipts have the root 0x\(found.hex), the header says 0x\(expected.hex)"
    case .receiptCount(let count, let transactions):
      "\(count) receipts for \(transactions) transactions"
    case .gasUsed(let receipt): "the gas up to receipt \(receipt) doesn't add up"
    case .sender(let index): "transaction \(index) isn't signed by the sender that is named"
    }
  }
}

extension EthereumError {
  package var sentence: String {
    switch self {
    case .answer(let error): error.sentence
    case .rlp(let error): "no encoding: \(error)"
    case .unverifiable(.headerFields): "its header has other fields than those of a known fork"
    case .unverifiable(.transactionType(let type)):
      "a transaction of type \(type), which this chain doesn't have or this version doesn't know"
    case .unverifiable(.receiptType(let type)):
      "a receipt of type \(type), which this version doesn't know"
    case .unverifiable(.chainID): "a transaction for a chain whose id is out of range"
    case .invalid(let field): "no valid \(field)"
    }
  }
}

extension AnswerError {
  package var sentence: String {
    switch self {
    case .malformed(let offset): "no JSON of the shape that was expected, at byte \(offset)"
    case .tooDeep(let offset): "values are nested too deeply at byte \(offset)"
    case .null: "null: the node didn't have it"
    case .missing(let name): "“\(name)” is missing"
    case .duplicate(let name): "“\(name)” occurs twice"
    case .invalid(let name): "“\(name)” is no hexadecimal text of its kind"
    case .tooMany(let name): "more “\(name)” than there can be"
    }
  }
}
