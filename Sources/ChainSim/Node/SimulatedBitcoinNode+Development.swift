internal import Bitcoin
internal import Bytes
internal import JSON
internal import NodeRPC

// The calls under `sim.`, which no real node has.
extension SimulatedBitcoinNode {
  /// Above any fee a demonstration needs, and small enough that fees never overflow.
  private static let maximumFeeRate: UInt64 = 1_000_000

  func developmentCommand(
    _ method: String, _ arguments: RPCArguments
  ) throws(RPCNodeError) -> JSONValue? {
    switch method {
    case "sim.pay":
      let script = try Self.scriptPubKey(arguments.text(0))
      let value = try arguments.integer(1, UInt64.self)
      let rate = try arguments.integerIfPresent(2, UInt64.self) ?? 2
      let known = try perform { () throws(ChainSimError) in
        try pay(script, value: value, feeRate: min(rate, Self.maximumFeeRate))
      }
      return .displayHash(known.txid)
    case "sim.replace":
      let txid = try arguments.hash(0)
      var outputs: [TransactionOutput] = []
      if arguments.optional(1) != nil {
        outputs.append(
          TransactionOutput(
            value: try arguments.integer(2, UInt64.self),
            scriptPubKey: try Self.scriptPubKey(arguments.text(1))))
      }
      let replacing = outputs
      let known = try perform { () throws(ChainSimError) in
        try replace(txid, paying: replacing)
      }
      return .displayHash(known.txid)
    case "sim.evict":
      let txid = try arguments.hash(0)
      let gone = try perform { () throws(ChainSimError) in try evict(txid) }
      return .array(gone.map { .displayHash($0) })
    case "sim.mine":
      return try generate(
        arguments.integerIfPresent(0, Int.self) ?? 1, to: Faucet.scriptPubKey)
    case "sim.fork":
      let depth = try arguments.integer(0, UInt32.self)
      let count = min(try arguments.integer(1, UInt32.self), 1_000)
      let blocks = try perform { () throws(ChainSimError) in
        try fork(depth: depth, blocks: count)
      }
      return .array(blocks.map { .displayHash($0.hash) })
    case "sim.fault": return try injectFault(arguments)
    default: return nil
    }
  }

  /// `sim.fault kind method count value text`; the kind `none` takes all faults away.
  private func injectFault(_ arguments: RPCArguments) throws(RPCNodeError) -> JSONValue {
    let name = try arguments.text(0)
    guard name != "none" else {
      removeAllFaults()
      return .null
    }
    let value = try arguments.integerIfPresent(3, Int.self)
    let text = arguments.optional(4)?.string
    guard let kind = Self.faultKind(name, value: value, text: text) else {
      throw RPCNodeError(code: -8, message: "Unknown fault \(name)")
    }
    let method = arguments.optional(1)?.string
    let count = try arguments.integerIfPresent(2, Int.self)
    return .integer(inject(Fault(kind, method: method, count: count)))
  }

  private static func faultKind(_ name: String, value: Int?, text: String?) -> Fault.Kind? {
    switch name {
    case "slow": .slow(milliseconds: max(0, value ?? 1_000))
    case "error": .error(code: value ?? -1, message: text ?? "injected fault")
    case "status":
      .httpStatus(
        (200...599).contains(value ?? 503) ? value ?? 503 : 503,
        text: text ?? "Work queue depth exceeded")
    case "warming-up": .warmingUp
    case "pruned": .prunedBelow(height: UInt32(clamping: value ?? 0))
    case "mempool-loading": .mempoolLoading
    case "lagging": .laggingTip(blocks: UInt32(clamping: value ?? 1))
    case "unauthorized": .unauthorized
    case "dropped": .connectionDropped
    case "forged-header": .forgedHeader
    case "wrong-hashes": .wrongHashes(.unknown, from: UInt32(clamping: value ?? 0))
    case "old-hashes": .wrongHashes(.old, from: UInt32(clamping: value ?? 0))
    case "stale-hashes": .wrongHashes(.stale, from: UInt32(clamping: value ?? 0))
    case "unproven-tip": .unprovenTip
    case "another-block": .wrongBlock(.anotherBlock)
    case "flipped-bit": .wrongBlock(.flippedBit)
    case "duplicated-tail": .wrongBlock(.duplicatedTail)
    case "forged-witness": .wrongBlock(.forgedWitness)
    case "insufficient-work": .wrongBlock(.insufficientWork)
    case "truncated-block": .wrongBlock(.truncated)
    case "empty-body": .body(.empty)
    case "garbage-body": .body(.garbage)
    case "truncated-body": .body(.truncated)
    case "oversized-body": .body(.oversized(byteCount: min(max(0, value ?? 1 << 20), 1 << 28)))
    case "batch-reversed": .batch(.reversed)
    case "batch-incomplete": .batch(.incomplete(missing: max(0, value ?? 1)))
    default: nil
    }
  }
}
