internal import Addresses
internal import Bytes
internal import Ethereum

/// `BuiltInContract.lookalike`: a Transfer without any balance, one with four topics as NFTs have
/// (ERC-721), one without indexed fields, one whose addresses aren't padded with zeros.
enum LookalikeToken {
  private enum Function: String, CaseIterable {
    case name = "name()"
    case symbol = "symbol()"
    case decimals = "decimals()"
    case transfer = "transfer(address,uint256)"
    case logFourTopics = "logFourTopics(address,uint256)"
    case logOneTopic = "logOneTopic(address,uint256)"
    case logDirtyPadding = "logDirtyPadding(address,uint256)"
    case logLongData = "logLongData(address,uint256)"
  }

  private static let functions = FunctionTable<Function>()

  static func run(_ call: ContractContext, on execution: inout Execution) throws(Halt) -> [UInt8] {
    guard let function = functions[call.input], call.value == .zero else {
      throw .noSuchFunction
    }
    switch function {
    case .name: return ABI.string("USD Coin")
    case .symbol: return ABI.string("USDC")
    case .decimals: return UInt256(6).bigEndianBytes
    default: break
    }
    let (recipient, value) = (try call.address(0), try call.number(1))
    let (from, to) = (call.sender.paddedWord, recipient.paddedWord)
    let word = value.bigEndianBytes
    var topics = [TokenTransfer.topic, from, to]
    var data = word
    switch function {
    case .logFourTopics: (topics, data) = (topics + [Hash32(word) ?? .zero], [])
    case .logOneTopic: (topics, data) = ([TokenTransfer.topic], from.bytes + to.bytes + word)
    case .logDirtyPadding:
      topics[2] = Hash32([0xff] + to.bytes.dropFirst()) ?? to
    case .logLongData: data += word
    default: break
    }
    try execution.emit(EthereumLog(address: call.contract, topics: topics, data: data))
    return UInt256.one.bigEndianBytes
  }
}
