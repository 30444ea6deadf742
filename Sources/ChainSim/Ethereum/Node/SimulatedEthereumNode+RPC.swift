internal import Bytes
internal import Ethereum
internal import JSON
internal import NodeRPC

extension SimulatedEthereumNode: CallAnswering {
  var dialect: RPCDialect { .geth }

  func takeFaults(for methods: [String]) -> FaultBoard.Interference {
    withState { state, _ in state.faults.take(for: methods) }
  }

  func outcome(
    of call: RPCRequest.Call, _ interference: FaultBoard.CallInterference
  ) async -> Result<[UInt8], RPCNodeError> {
    do throws(RPCNodeError) {
      if let error = call.error ?? interference.error { throw error }
      guard !interference.ethereum.contains(.methodUnavailable) else {
        throw Self.unavailable(call.method)
      }
      if let result = try command(call) { return .success(result) }
      let view = EthereumView(machine: machine, interference: interference)
      return .success(try question(call, view))
    } catch {
      return .failure(error)
    }
  }

  private static func unavailable(_ method: String) -> RPCNodeError {
    RPCNodeError(
      code: -32601, message: "the method \(method) does not exist/is not available")
  }

  private func question(
    _ call: RPCRequest.Call, _ view: EthereumView
  ) throws(RPCNodeError) -> [UInt8] {
    let arguments = try EthereumArguments(call.parameters, limit: 5)
    switch call.method {
    case "eth_getBlockByHash": return try view.blockByHash(arguments)
    case "eth_getBlockByNumber": return try view.blockByNumber(arguments)
    case "eth_getBlockReceipts": return try view.blockReceipts(arguments)
    case "eth_getTransactionReceipt": return try view.transactionReceipt(arguments)
    case "eth_getTransactionByHash": return try view.transaction(arguments)
    case "eth_getTransactionByBlockNumberAndIndex":
      return try view.transaction(inBlock: arguments)
    case "eth_getBlockTransactionCountByHash":
      return try view.transactionCount(inBlock: arguments)
    case "eth_getLogs": return try view.logs(arguments)
    case "eth_getBalance": return try view.balance(arguments)
    case "eth_getTransactionCount": return try view.nonce(arguments)
    case "eth_getCode": return try view.code(arguments)
    case "eth_getStorageAt": return try view.storage(arguments)
    case "eth_getProof": return try view.proof(arguments)
    case "eth_call": return try view.call(arguments)
    case "eth_estimateGas": return try view.gasEstimate(arguments)
    case "debug_traceBlockByHash": return try view.traces(ofHash: arguments)
    case "debug_traceBlockByNumber": return try view.traces(ofNumber: arguments)
    case "debug_traceTransaction": return try view.trace(ofTransaction: arguments)
    case "eth_feeHistory": return try view.feeHistory(arguments)
    default: return try statement(call.method, view)
    }
  }

  /// Questions without arguments.
  private func statement(
    _ method: String, _ view: EthereumView
  ) throws(RPCNodeError) -> [UInt8] {
    var chainID = view.machine.options.chainID
    for case .wrongChainID(let other) in view.faults { chainID = other }
    switch method {
    case "web3_clientVersion": return JSONValue.string("ChainSim/1.0.0/\(name)").bytes
    case "net_version": return JSONValue.string(String(chainID)).bytes
    case "eth_chainId": return AnswerWriter.value { $0.quantity(chainID) }
    case "eth_blockNumber": return AnswerWriter.value { $0.quantity(view.head.number) }
    case "eth_gasPrice": return view.gasPrice()
    case "eth_maxPriorityFeePerGas":
      return AnswerWriter.value { $0.quantity(EthereumView.suggestedTip) }
    case "eth_blobBaseFee": return AnswerWriter.value { $0.quantity(1 as UInt64) }
    case "eth_syncing": return Self.syncing(view)
    default: throw Self.unavailable(method)
    }
  }

  private static func syncing(_ view: EthereumView) -> [UInt8] {
    AnswerWriter.value { writer in
      guard view.faults.contains(.syncing) else { return writer.flag(false) }
      writer.object { writer in
        writer.member("currentBlock", quantity: view.head.number)
        writer.member("highestBlock", quantity: view.machine.head.number + 1)
        writer.member("startingBlock", quantity: 0 as UInt64)
      }
    }
  }
}

// Calls that change the node.
extension SimulatedEthereumNode {
  /// Nil where the method isn't one of them.
  private func command(_ call: RPCRequest.Call) throws(RPCNodeError) -> [UInt8]? {
    guard call.method == "eth_sendRawTransaction" else {
      return try developmentCommand(call)
    }
    let bytes = try EthereumArguments(call.parameters, limit: 1).data(0)
    let known: KnownEthereumTransaction
    do throws(EthereumRefusal) {
      known = try Self.decode(bytes)
      try accept(known)
    } catch {
      throw RPCNodeError(code: -32000, message: error.message)
    }
    return AnswerWriter.value { $0.hash(known.hash) }
  }

  private static func decode(
    _ bytes: [UInt8]
  ) throws(EthereumRefusal) -> KnownEthereumTransaction {
    guard bytes.count > 1 else {
      throw .undecodable(bytes.isEmpty ? "EOF" : "typed transaction too short")
    }
    let transaction: EthereumTransaction
    do {
      transaction = try EthereumTransaction(encoded: bytes)
    } catch {
      throw .undecodable("rlp: \(error)")
    }
    guard SignatureRules.prague.accept(transaction),
      let known = KnownEthereumTransaction(transaction)
    else { throw .invalidSender }
    return known
  }
}
