internal import Bytes
internal import JSON
internal import NodeRPC

// Call traces.
extension EthereumView {
  func traces(ofHash arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let hash = try arguments.hash(0)
    try Self.checkTracer(arguments)
    guard let block = block(hash) else {
      throw RPCNodeError(code: -32000, message: "block 0x\(hash.hex) not found")
    }
    return try traces(of: block)
  }

  func traces(ofNumber arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    try Self.checkTracer(arguments)
    guard case .block(let block) = try find(arguments.required(0), 0) else {
      throw RPCNodeError(code: -32000, message: "block not found")
    }
    return try traces(of: block)
  }

  func trace(ofTransaction arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let hash = try arguments.hash(0)
    try Self.checkTracer(arguments)
    guard let (block, index) = machine.place(of: hash), block.number <= head.number else {
      throw RPCNodeError(code: -32000, message: "transaction not found")
    }
    var traces = [(hash: hash, frame: block.outcomes[index].trace)]
    for case .forgedTraces(let forgery) in faults { forgery.apply(to: &traces) }
    guard let trace = traces.first else { return Self.null }
    return AnswerWriter.value { trace.frame.write(to: &$0) }
  }

  private func traces(of block: SimulatedEthereumBlock) throws(RPCNodeError) -> [UInt8] {
    guard block.number > 0 else {
      throw RPCNodeError(code: -32000, message: "genesis is not traceable")
    }
    var traces = zip(block.transactions, block.outcomes).map { known, outcome in
      (hash: known.hash, frame: outcome.trace)
    }
    for case .forgedTraces(let forgery) in faults { forgery.apply(to: &traces) }
    return AnswerWriter.value { writer in
      writer.array(of: traces) { writer, trace in
        writer.object { writer in
          writer.member("txHash", hash: trace.hash)
          writer.name("result")
          trace.frame.write(to: &writer)
        }
      }
    }
  }

  private static func checkTracer(_ arguments: EthereumArguments) throws(RPCNodeError) {
    guard arguments.optional(1)?["tracer"]?.string == "callTracer" else {
      throw RPCNodeError(code: -32000, message: "only the callTracer is simulated")
    }
  }
}

extension CallFrame {
  /// Member for member as geth's `callTracer` tells it.
  func write(to writer: inout AnswerWriter) {
    writer.object { writer in
      writer.member("from", address: from)
      writer.member("gas", quantity: gas)
      writer.member("gasUsed", quantity: gasUsed)
      if let to { writer.member("to", address: to) }
      writer.member("input", data: input)
      if !output.isEmpty { writer.member("output", data: output) }
      if let error {
        writer.name("error")
        writer.text(error)
      }
      if let revertReason {
        writer.name("revertReason")
        writer.text(revertReason)
      }
      if !calls.isEmpty {
        writer.name("calls")
        writer.array(of: calls) { $1.write(to: &$0) }
      }
      if let value { writer.member("value", quantity: value) }
      writer.name("type")
      writer.text(kind.rawValue)
    }
  }
}
