internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import JSON
internal import NodeRPC

// Calls that change the node.
extension SimulatedBitcoinNode {
  /// More blocks in one call than any demonstration needs.
  private static let maximumBlocks = 10_000

  /// Nil where `method` isn't one of them.
  func command(
    _ method: String, _ arguments: RPCArguments
  ) throws(RPCNodeError) -> JSONValue? {
    switch method {
    case "sendrawtransaction": return try send(arguments)
    case "submitblock": return try submitBlock(arguments)
    case "generatetoaddress":
      let script = try Self.scriptPubKey(arguments.text(1))
      return try generate(arguments.integer(0, Int.self), to: script)
    case "generateblock": return try generateBlock(arguments)
    case "invalidateblock":
      let hash = try arguments.hash(0)
      try perform { () throws(ChainSimError) in try invalidate(hash) }
      return .null
    case "reconsiderblock":
      let hash = try arguments.hash(0)
      try perform { () throws(ChainSimError) in try reconsider(hash) }
      return .null
    case "setmocktime":
      let time = try arguments.integer(0, UInt32.self)
      setTime(time == 0 ? nil : time)
      return .null
    default: return try developmentCommand(method, arguments)
    }
  }

  private func send(_ arguments: RPCArguments) throws(RPCNodeError) -> JSONValue {
    let transaction = try Self.transaction(fromHex: try arguments.text(0))
    do {
      try accept(transaction)
    } catch {
      // Sending what the mempool has announces it once more, which is no error.
      guard error == .alreadyInMempool else {
        throw RPCNodeError(code: error.code, message: error.reason)
      }
    }
    return .displayHash(transaction.txid)
  }

  private func submitBlock(_ arguments: RPCArguments) throws(RPCNodeError) -> JSONValue {
    guard let bytes = try? Hex.decode(try arguments.text(0)), let block = try? Block(bytes: bytes)
    else { throw RPCNodeError(code: -22, message: "Block decode failed") }
    switch accept(block) {
    case .connected: return .null
    case .sideBranch: return .string("inconclusive")
    case .known: return .string("duplicate")
    case .missingParent: return .string("prev-blk-not-found")
    case .invalid(let reason): return .string(reason)
    }
  }

  func generate(_ count: Int, to script: [UInt8]) throws(RPCNodeError) -> JSONValue {
    guard (0...Self.maximumBlocks).contains(count) else {
      throw RPCNodeError(code: -8, message: "at most \(Self.maximumBlocks) blocks in one call")
    }
    let blocks = try perform { () throws(ChainSimError) in try mine(count, to: script) }
    return .array(blocks.map { .displayHash($0.hash) })
  }

  private func generateBlock(_ arguments: RPCArguments) throws(RPCNodeError) -> JSONValue {
    let script = try Self.scriptPubKey(arguments.text(0))
    var transactions: [Transaction] = []
    for element in try arguments.elements(1) {
      let text = element.string ?? ""
      guard text.utf8.count == 64 else {
        transactions.append(try Self.transaction(fromHex: text))
        continue
      }
      let txid = try RPCArguments.hash(text, name: "txid")
      guard let entry = machine.mempool[txid] else {
        throw RPCNodeError(code: -5, message: "Transaction \(text) not in mempool.")
      }
      transactions.append(entry.known.transaction)
    }
    guard try arguments.flag(2, default: true) else {
      throw RPCNodeError(code: -8, message: "a block is always submitted here")
    }
    let block = try perform { () throws(ChainSimError) in
      try withState { (state, time) throws(ChainSimError) in
        try state.machine.mine(exactly: transactions, to: script, time: time)
      }
    }
    return .object([.init("hash", .displayHash(block.hash))])
  }

  /// Runs what may fail here in words of its own.
  func perform<Value>(
    _ body: () throws(ChainSimError) -> Value
  ) throws(RPCNodeError) -> Value {
    do throws(ChainSimError) {
      return try body()
    } catch {
      switch error {
      case .unknownBlock: throw RPCNodeError(code: -5, message: "Block not found")
      case .notInMempool: throw RPCNodeError(code: -5, message: "Transaction not in mempool")
      case .insufficientFunds(let needed, let available):
        throw RPCNodeError(
          code: -6, message: "Insufficient funds: \(needed) of \(available) satoshi")
      case .transactionRefused(let refusal):
        throw RPCNodeError(code: refusal.code, message: refusal.reason)
      case .blockRefused(_, let reason): throw RPCNodeError(code: -25, message: reason)
      case .valueTooLarge, .noSuchOutput, .noChange, .forkTooDeep:
        throw RPCNodeError(code: -8, message: "\(error)")
      }
    }
  }

  static func scriptPubKey(_ address: String) throws(RPCNodeError) -> [UInt8] {
    do {
      return try BitcoinAddress(address, network: .regtest).output.scriptPubKey
    } catch {
      throw RPCNodeError(code: -5, message: "Error: Invalid address")
    }
  }
}
