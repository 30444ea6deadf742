internal import Addresses
internal import Bytes
internal import Ethereum
internal import JSON
internal import NodeRPC

// Questions about accounts.
extension EthereumView {
  func balance(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let (address, block) = (try arguments.address(0), try stateBlock(arguments, 1))
    return AnswerWriter.value { $0.quantity(block.state.account(address).balance) }
  }

  func nonce(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let (address, block) = (try arguments.address(0), try stateBlock(arguments, 1))
    var nonce = block.state.account(address).nonce
    if arguments.optional(1)?.string == "pending" {
      nonce = machine.mempool.nextNonce(of: address, from: nonce)
    }
    return AnswerWriter.value { $0.quantity(nonce) }
  }

  func code(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let (address, block) = (try arguments.address(0), try stateBlock(arguments, 1))
    return AnswerWriter.value { $0.data(block.state.code(of: address)) }
  }

  func storage(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let (address, key) = (try arguments.address(0), try Self.slot(arguments.required(1)))
    let block = try stateBlock(arguments, 2)
    return AnswerWriter.value { $0.data(block.state.word(key, of: address).bigEndianBytes) }
  }

  func proof(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let address = try arguments.address(0)
    var keys: [Hash32] = []
    for value in arguments.optional(1)?.elements ?? [] { keys.append(try Self.slot(value)) }
    guard keys.count <= 1_024 else {
      throw EthereumArguments.invalid(1, "too many keys")
    }
    var state = try stateBlock(arguments, 2).state
    if faults.contains(.forgedProof(.parentState)),
      let block = try findBlock(arguments.optional(2) ?? .string("latest"), 2),
      let parent = machine.block(block.header.parentHash)
    {
      state = parent.state
    }
    var account = state.account(address)
    var nodes = state.proof(of: address)
    for case .forgedProof(let forgery) in faults { forgery.apply(to: &account, &nodes) }
    return AnswerWriter.value { writer in
      writer.object { writer in
        writer.member("address", address: address)
        writer.name("accountProof")
        writer.array(of: nodes) { $0.data($1) }
        writer.member("balance", quantity: account.balance)
        writer.member("codeHash", hash: account.codeHash)
        writer.member("nonce", quantity: account.nonce)
        writer.member("storageHash", hash: account.storageRoot)
        writer.name("storageProof")
        writer.array(of: keys) { writer, key in
          writer.object { writer in
            writer.member("key", hash: key)
            writer.member("value", quantity: state.word(key, of: address))
            writer.name("proof")
            writer.array(of: state.proof(of: key, in: address)) { $0.data($1) }
          }
        }
      }
    }
  }

  /// A storage key of up to 32 bytes.
  private static func slot(_ value: JSONValue) throws(RPCNodeError) -> Hash32 {
    guard let text = value.string, text.hasPrefix("0x"), text.utf8.count <= 66 else {
      throw EthereumArguments.invalid(1, "invalid storage key")
    }
    let digits = text.dropFirst(2)
    let padded = String(repeating: "0", count: 64 - digits.count) + digits
    guard let hash = try? Hash32(hex: padded) else {
      throw EthereumArguments.invalid(1, "invalid storage key")
    }
    return hash
  }
}

// Calls that nobody mines.
extension EthereumView {
  func call(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let frame = try run(arguments).frame
    return AnswerWriter.value { $0.data(frame.output) }
  }

  func gasEstimate(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let run = try run(arguments)
    let gas = max(
      GasSchedule.intrinsic(run.transaction) + run.frame.gasUsed,
      GasSchedule.floor(run.transaction))
    return AnswerWriter.value { $0.quantity(gas) }
  }

  private func run(
    _ arguments: EthereumArguments
  ) throws(RPCNodeError) -> (transaction: EthereumTransaction, frame: CallFrame) {
    let wanted = try arguments.required(0)
    func given(_ name: String) -> JSONValue? { wanted[name].flatMap { $0 == .null ? nil : $0 } }
    var sender = EthereumAddress.zero
    if let from = given("from") { sender = try EthereumArguments.address(from, 0) }
    var transaction = EthereumTransaction(
      form: .dynamicFee(
        chainID: machine.options.chainID,
        .init(maxPriorityFeePerGas: .zero, maxFeePerGas: .zero), []),
      nonce: 0, gasLimit: machine.options.gasLimit, recipient: nil, value: .zero)
    if let to = given("to") { transaction.recipient = try EthereumArguments.address(to, 0) }
    if let value = given("value") {
      transaction.value = try EthereumArguments.quantity(value, 0)
    }
    if let input = given("input") ?? given("data") {
      transaction.input = try EthereumArguments.data(input, 0)
    }
    let state = try stateBlock(arguments, 1).state
    let balance = state.account(sender).balance
    guard balance >= transaction.value else {
      throw RPCNodeError(
        code: -32000,
        message: "insufficient funds for gas * price + value: address \(sender.text) "
          + "have \(balance) want \(transaction.value)")
    }
    var execution = Execution(on: state, fork: machine.options.fork)
    execution.begin(gas: transaction.gasLimit)
    let frame = execution.run(transaction, from: sender)
    if let error = frame.error {
      let reason = frame.revertReason.map { ": " + $0 } ?? ""
      throw RPCNodeError(code: error == Halt.outOfGas.error ? -32000 : 3, message: error + reason)
    }
    return (transaction, frame)
  }
}

extension ProofForgery {
  fileprivate func apply(to account: inout AccountState, _ nodes: inout [[UInt8]]) {
    switch self {
    case .balance(let balance):
      account = AccountState(
        nonce: account.nonce, balance: balance, storageRoot: account.storageRoot,
        codeHash: account.codeHash)
    case .truncated: _ = nodes.popLast()
    case .flippedBit:
      guard var last = nodes.popLast() else { return }
      if !last.isEmpty { last[last.count - 1] ^= 1 }
      nodes.append(last)
    // The caller has put that state in the block's place.
    case .parentState: break
    }
  }
}
