internal import Addresses
internal import Bytes
internal import JSON
internal import NodeRPC

// The calls under `sim.`, which no real node has.
extension SimulatedEthereumNode {
  /// More blocks in one call than any demonstration needs.
  private static let maximumBlocks: UInt64 = 10_000

  /// Nil where the method isn't one of them.
  func developmentCommand(_ call: RPCRequest.Call) throws(RPCNodeError) -> [UInt8]? {
    guard call.method.hasPrefix("sim.") else { return nil }
    let arguments = try EthereumArguments(call.parameters, limit: 5)
    switch call.method {
    case "sim.contracts": return contracts()
    case "sim.pay":
      return try send(
        .ether(try Self.quantity(arguments, 1), to: try arguments.address(0)), arguments, 2)
    case "sim.transfer":
      let token = try token(arguments, 0)
      return try send(
        .token(token, try Self.quantity(arguments, 2), to: try arguments.address(1)),
        arguments, 3)
    case "sim.call": return try callFunction(arguments)
    case "sim.mine":
      let count = arguments.optional(0) == nil ? 1 : try Self.number(arguments, 0)
      return try blocks { () throws(EthereumSimError) in
        try mine(Int(min(count, Self.maximumBlocks)))
      }
    case "sim.reorg": return try reorganize(arguments)
    case "sim.replace":
      let hash = try arguments.hash(0)
      var order: EthereumOrder?
      if arguments.optional(1) != nil {
        order = .ether(try Self.quantity(arguments, 2), to: try arguments.address(1))
      }
      let replacing = order
      let known = try perform { () throws(EthereumSimError) in
        try replace(hash, by: replacing)
      }
      return AnswerWriter.value { $0.hash(known.hash) }
    case "sim.drop":
      let hash = try arguments.hash(0)
      try perform { () throws(EthereumSimError) in try drop(hash) }
      return Array("true".utf8)
    case "sim.finalize":
      finalize(try Self.number(arguments, 0), safe: try Self.number(arguments, 1))
      return Array("true".utf8)
    case "sim.fault": return try injectFault(arguments)
    default: return nil
    }
  }

  private func contracts() -> [UInt8] {
    let deployments = options.contracts
    return AnswerWriter.value { writer in
      writer.array(of: deployments) { writer, deployment in
        writer.object { writer in
          writer.member("address", address: deployment.address)
          writer.name("contract")
          writer.text(deployment.contract.rawValue)
        }
      }
    }
  }

  /// A contract's address, or `usdc`, `usdt` or `fake`.
  private func token(
    _ arguments: EthereumArguments, _ place: Int
  ) throws(RPCNodeError) -> EthereumAddress {
    let kind: BuiltInContract
    switch arguments.optional(place)?.string {
    case "usdc": kind = .usdCoin
    case "usdt": kind = .tether
    case "fake": kind = .lookalike
    default: return try arguments.address(place)
    }
    guard let deployment = options.contracts.first(where: { $0.contract == kind }) else {
      throw EthereumArguments.invalid(place, "no such contract on this chain")
    }
    return deployment.address
  }

  /// `sim.call contract signature [arguments] wei account`; an argument of 42 characters is an
  /// address, any other a number.
  private func callFunction(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let contract = try token(arguments, 0)
    guard let signature = try arguments.required(1).string else {
      throw EthereumArguments.invalid(1, "not a function's signature")
    }
    var words: [ABI.Argument] = []
    for value in arguments.optional(2)?.elements ?? [] {
      if value.string?.utf8.count == 42 {
        words.append(.address(try EthereumArguments.address(value, 2)))
      } else {
        words.append(.number(try Self.quantity(value, 2)))
      }
    }
    var wei = UInt256.zero
    if arguments.optional(3) != nil { wei = try Self.quantity(arguments, 3) }
    return try send(.calling(contract, signature, words, wei: wei), arguments, 4)
  }

  /// Sends an order of the account whose number stands at `place`, 0 where it doesn't.
  private func send(
    _ order: EthereumOrder, _ arguments: EthereumArguments, _ place: Int
  ) throws(RPCNodeError) -> [UInt8] {
    var order = order
    if arguments.optional(place) != nil {
      let account = try Self.number(arguments, place)
      guard account < UInt64(options.accountCount) else {
        throw EthereumArguments.invalid(place, "no such account")
      }
      order.account = Int(account)
    }
    do throws(EthereumRefusal) {
      let known = try send(order)
      return AnswerWriter.value { $0.hash(known.hash) }
    } catch {
      throw RPCNodeError(code: -32000, message: error.message)
    }
  }

  /// `sim.reorg depth fate`: `mined`, `pending` or `dropped`.
  private func reorganize(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let depth = try Self.number(arguments, 0)
    let fate: ReorganizedTransactions
    switch arguments.optional(1)?.string {
    case nil, "mined": fate = .mined()
    case "pending": fate = .pending
    case "dropped": fate = .dropped
    default: throw EthereumArguments.invalid(1, "mined, pending or dropped")
    }
    return try blocks { () throws(EthereumSimError) in
      try reorganize(depth: depth, transactions: fate)
    }
  }

  private func blocks(
    _ body: () throws(EthereumSimError) -> [SimulatedEthereumBlock]
  ) throws(RPCNodeError) -> [UInt8] {
    let blocks = try perform(body)
    return AnswerWriter.value { writer in writer.array(of: blocks) { $0.hash($1.hash) } }
  }

  /// Runs what may fail here in words of its own.
  private func perform<Value>(
    _ body: () throws(EthereumSimError) -> Value
  ) throws(RPCNodeError) -> Value {
    do throws(EthereumSimError) {
      return try body()
    } catch {
      switch error {
      case .refused(_, let refusal): throw RPCNodeError(code: -32000, message: refusal.message)
      default: throw RPCNodeError(code: -32000, message: "\(error)")
      }
    }
  }

  private static func number(
    _ arguments: EthereumArguments, _ place: Int
  ) throws(RPCNodeError) -> UInt64 {
    try EthereumArguments.number(arguments.required(place), place)
  }

  private static func quantity(
    _ arguments: EthereumArguments, _ place: Int
  ) throws(RPCNodeError) -> UInt256 {
    try quantity(arguments.required(place), place)
  }

  /// Hexadecimal, or decimal as people type it.
  private static func quantity(
    _ value: JSONValue, _ place: Int
  ) throws(RPCNodeError) -> UInt256 {
    let text: String
    switch value {
    case .number(let digits): text = digits
    case .string(let digits) where !digits.hasPrefix("0x"): text = digits
    default: return try EthereumArguments.quantity(value, place)
    }
    guard let number = try? UInt256(decimal: text) else {
      throw EthereumArguments.invalid(place, "not a number")
    }
    return number
  }
}
