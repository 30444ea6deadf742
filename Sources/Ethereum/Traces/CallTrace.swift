package import Addresses
package import Bytes

/// What a transaction's inner calls moved, by the answer to `debug_traceBlockByHash` with the call
/// tracer.
///
/// No root secures a trace. It tells where to look: what it says counts only where balance proofs
/// against verified state roots agree.
package struct CallTrace: Hashable, Sendable {
  /// Of the transaction, by the node's word; older nodes don't say it.
  package let transactionHash: Hash32?
  /// Whether the transaction's own call was undone, and with it everything.
  package let isReverted: Bool
  /// In the order in which the calls began. The transaction's own call isn't among them.
  package let movements: [Movement]
  /// Whether every call that may have moved value says so: otherwise value may have come that isn't
  /// among the movements.
  package let isComplete: Bool

  package struct Movement: Hashable, Sendable {
    /// Which of its caller's calls each call is, from the transaction's own one down.
    package let path: [UInt32]
    package let from: EthereumAddress
    package let to: EthereumAddress
    /// Wei; never zero.
    package let value: UInt256

    package init(path: [UInt32], from: EthereumAddress, to: EthereumAddress, value: UInt256) {
      self.path = path
      self.from = from
      self.to = to
      self.value = value
    }
  }

  /// The traces of a block's transactions, in their order, with the movements from or to watched
  /// accounts.
  ///
  /// - Parameter answer: the `result`'s bytes
  package static func all<Watching: AddressWatching>(
    in answer: RawSpan, watching: Watching
  ) throws(AnswerError) -> [CallTrace] {
    var reader = AnswerReader(answer, maximumDepth: CallTraceReader.maximumDepth)
    if try reader.skipNull() { throw .null }
    var frames = CallTraceReader()
    var traces: [CallTrace] = []
    try reader.openArray()
    while try reader.nextElement() {
      var hash: Hash32?
      var hasResult = false
      try reader.openObject()
      while let name = try reader.nextMember() {
        switch reader.string(name) {
        case "txHash": hash = try reader.readHash32("txHash")
        case "result":
          guard try !reader.skipNull() else { continue }
          hasResult = true
          try frames.read(&reader)
        default: try reader.skipValue()
        }
      }
      traces.append(
        hasResult
          ? frames.trace(transactionHash: hash, watching: watching)
          : CallTrace(transactionHash: hash, isReverted: false, movements: [], isComplete: false))
    }
    try reader.expectEnd()
    return traces
  }

  /// The trace of one transaction, by the answer to `debug_traceTransaction`.
  package init<Watching: AddressWatching>(
    _ answer: RawSpan, watching: Watching
  ) throws(AnswerError) {
    var reader = AnswerReader(answer, maximumDepth: CallTraceReader.maximumDepth)
    if try reader.skipNull() { throw .null }
    var frames = CallTraceReader()
    try frames.read(&reader)
    try reader.expectEnd()
    self = frames.trace(transactionHash: nil, watching: watching)
  }

  init(
    transactionHash: Hash32?, isReverted: Bool, movements: [Movement], isComplete: Bool
  ) {
    self.transactionHash = transactionHash
    self.isReverted = isReverted
    self.movements = movements
    self.isComplete = isComplete
  }
}
