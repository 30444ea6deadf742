internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import JSON
internal import NodeRPC

// Calls that change nothing.
extension SimulatedBitcoinNode {
  func question(
    _ method: String, _ arguments: RPCArguments, _ interference: FaultBoard.CallInterference
  ) throws(RPCNodeError) -> JSONValue {
    let view = view(interference)
    switch method {
    case "getblockchaininfo": return view.chainInfo()
    case "getbestblockhash": return .displayHash(view.tip.hash)
    case "getblockcount": return .integer(view.tip.height)
    case "getblockhash": return try view.blockHash(at: arguments.integer(0, Int64.self))
    case "getblockheader":
      return try view.header(arguments.hash(0), verbose: arguments.flag(1, default: true))
    case "getblock":
      return try view.block(
        arguments.hash(0), verbosity: arguments.verbosity(1, default: 1))
    case "getchaintips": return view.chainTips()
    case "getrawmempool":
      return try view.rawMempool(
        verbose: arguments.flag(0, default: false),
        withSequence: arguments.flag(1, default: false))
    case "getmempoolentry": return try view.mempoolEntry(arguments.hash(0))
    case "getmempoolinfo": return view.mempoolInfo()
    case "getrawtransaction":
      return try view.rawTransaction(
        arguments.hash(0), verbosity: arguments.verbosity(1, default: 0),
        blockHash: arguments.optional(2) == nil ? nil : arguments.hash(2))
    case "gettxout":
      return view.output(
        Outpoint(txid: try arguments.hash(0), vout: try arguments.integer(1, UInt32.self)),
        includingMempool: try arguments.flag(2, default: true))
    case "gettxspendingprevout":
      return try view.spendingTransactions(of: arguments.elements(0))
    case "scantxoutset":
      // A scan ends with its call here: none ever runs.
      switch try arguments.text(0) {
      case "start": return try view.scanCoins(arguments.elements(1))
      case "status": return .null
      case "abort": return .bool(false)
      case let action:
        throw RPCNodeError(code: -8, message: "Invalid action '\(action)'")
      }
    case "estimatesmartfee":
      return try view.smartFee(withinBlocks: arguments.integer(0, Int.self))
    case "getnetworkinfo": return view.networkInfo()
    case "getindexinfo": return .object([])
    case "testmempoolaccept": return try testAcceptance(arguments.elements(0), view.machine)
    default: throw RPCNodeError(code: -32601, message: "Method not found")
    }
  }

  private func testAcceptance(
    _ rawTransactions: [JSONValue], _ machine: ChainMachine
  ) throws(RPCNodeError) -> JSONValue {
    var answers: [JSONValue] = []
    for raw in rawTransactions {
      let known = KnownTransaction(try Self.transaction(fromHex: raw.string ?? ""))
      var members: [JSONValue.Member] = [
        .init("txid", .displayHash(known.txid)), .init("wtxid", .displayHash(known.wtxid)),
      ]
      do throws(TransactionRefusal) {
        let admission = try machine.check(known)
        members += [
          .init("allowed", .bool(true)), .init("vsize", .integer(known.vsize)),
          .init("fees", .object([.init("base", .bitcoin(admission.fee))])),
        ]
      } catch {
        members += [
          .init("allowed", .bool(false)), .init("reject-reason", .string(error.reason)),
        ]
      }
      answers.append(.object(members))
    }
    return .array(answers)
  }

  static func transaction(fromHex text: String) throws(RPCNodeError) -> Transaction {
    guard let bytes = try? Hex.decode(text), let transaction = try? Transaction(bytes: bytes)
    else {
      throw RPCNodeError(
        code: -22, message: "TX decode failed. Make sure the tx has at least one input.")
    }
    return transaction
  }
}
