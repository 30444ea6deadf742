internal import JSON
internal import NodeRPC

// `sim.fault` of an EVM node.
extension SimulatedEthereumNode {
  /// `sim.fault kind method count value text`; the kind `none` takes all faults away.
  func injectFault(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    guard let name = try arguments.required(0).string else {
      throw EthereumArguments.invalid(0, "not a fault's name")
    }
    guard name != "none" else {
      removeAllFaults()
      return EthereumView.null
    }
    var (count, value): (Int?, Int?) = (nil, nil)
    if let given = arguments.optional(2) {
      count = Int(clamping: try EthereumArguments.number(given, 2))
    }
    if let given = arguments.optional(3) {
      value = Int(clamping: try EthereumArguments.number(given, 3))
    }
    let text = arguments.optional(4)?.string
    guard
      let kind = Self.requestFault(name, value: value, text: text)
        ?? Self.callFault(name, value: value).map({ .ethereum($0) })
    else { throw EthereumArguments.invalid(0, "unknown fault \(name)") }
    let id = inject(Fault(kind, method: arguments.optional(1)?.string, count: count))
    return JSONValue.integer(id).bytes
  }

  private static func requestFault(_ name: String, value: Int?, text: String?) -> Fault.Kind? {
    switch name {
    case "slow": .slow(milliseconds: max(0, value ?? 1_000))
    case "error": .error(code: -(value ?? 32_000), message: text ?? "injected fault")
    case "status":
      .httpStatus(
        (200...599).contains(value ?? 429) ? value ?? 429 : 503,
        text: text ?? "Too Many Requests")
    case "lagging": .laggingTip(blocks: UInt32(clamping: value ?? 1))
    case "dropped": .connectionDropped
    case "unauthorized": .unauthorized
    case "empty-body": .body(.empty)
    case "garbage-body": .body(.garbage)
    case "truncated-body": .body(.truncated)
    case "oversized-body": .body(.oversized(byteCount: min(max(0, value ?? 1 << 20), 1 << 28)))
    case "batch-reversed": .batch(.reversed)
    case "batch-incomplete": .batch(.incomplete(missing: max(0, value ?? 1)))
    default: nil
    }
  }

  private static func callFault(_ name: String, value: Int?) -> EthereumFault? {
    switch name {
    case "null-receipts": .nullReceipts
    case "null-blocks": .nullBlocks
    case "empty-logs": .emptyLogs
    case "truncated-logs": .truncatedLogs(keeping: value ?? 1)
    case "method-unavailable": .methodUnavailable
    case "log-range": .logLimit(LogLimit(.infura, blocks: UInt64(max(value ?? 100, 1))))
    case "log-results": .logLimit(LogLimit(.infura, results: value ?? 100))
    case "pruned-state": .prunedState(depth: UInt64(max(value ?? 0, 0)))
    case "no-finality": .noFinality
    case "syncing": .syncing
    case "wrong-chain": .wrongChainID(UInt64(max(value ?? 1, 0)))
    case "another-block": .forgedBlock(.anotherBlock)
    case "forged-block": .forgedBlock(.rehashed)
    case "forged-receipts": .forgedReceipts(.status)
    case "missing-receipt": .forgedReceipts(.missing)
    case "removed-logs": .forgedLogs(.removed)
    case "preconfirmed-receipts": .preconfirmedReceipts
    case "wrong-finalized": .wrongFinalized
    case "no-inner-calls": .forgedTraces(.withoutCalls)
    case "forged-proof": .forgedProof(.flippedBit)
    default: nil
    }
  }
}
