internal import Bytes
internal import Ethereum
internal import JSON
internal import NodeRPC

// What a transaction should pay.
extension EthereumView {
  /// The tip that the node suggests: a gwei.
  static let suggestedTip: UInt256 = 1_000_000_000
  /// geth's limit.
  private static let maximumHistory: UInt64 = 1_024

  func gasPrice() -> [UInt8] {
    let price = BaseFee.next(after: head.header).addingReportingOverflow(Self.suggestedTip).sum
    return AnswerWriter.value { $0.quantity(price) }
  }

  func feeHistory(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let wanted = try EthereumArguments.number(arguments.required(0), 0)
    let newest: SimulatedEthereumBlock
    switch try find(arguments.required(1), 1) {
    case .block(let block): newest = block
    case .pending: newest = head
    case nil:
      throw RPCNodeError(code: -32000, message: "request beyond head block")
    }
    let percentiles = try Self.percentiles(arguments.optional(2))
    let count = min(wanted, Self.maximumHistory, newest.number + 1)
    let first = newest.number + 1 - count
    let blocks = count == 0 ? [] : machine.canonical[Int(first)...Int(newest.number)]
    return AnswerWriter.value { writer in
      writer.object { writer in
        writer.member("oldestBlock", quantity: count == 0 ? 0 : first)
        if !percentiles.isEmpty, count > 0 {
          writer.name("reward")
          writer.array(of: blocks) { writer, block in
            writer.array(of: Self.tips(of: block, at: percentiles)) { $0.quantity($1) }
          }
        }
        if count > 0 {
          writer.name("baseFeePerGas")
          writer.array { writer in
            for block in blocks { writer.quantity(block.header.baseFeePerGas ?? .zero) }
            writer.quantity(BaseFee.next(after: newest.header))
          }
        }
        writer.name("gasUsedRatio")
        writer.array(of: blocks) { writer, block in
          let ratio = Double(block.header.gasUsed) / Double(max(block.header.gasLimit, 1))
          writer.json(.number(ratio == 0 ? "0" : "\(ratio)"))
        }
      }
    }
  }

  private static func percentiles(_ value: JSONValue?) throws(RPCNodeError) -> [Double] {
    var percentiles: [Double] = []
    for element in value?.elements ?? [] {
      guard case .number(let text) = element, let percentile = Double(text),
        (0...100).contains(percentile), percentile >= percentiles.last ?? 0,
        percentiles.count < 100
      else {
        throw RPCNodeError(code: -32000, message: "invalid reward percentile")
      }
      percentiles.append(percentile)
    }
    return percentiles
  }

  /// What the transaction paid as tip below which that share of the block's gas lies.
  private static func tips(
    of block: SimulatedEthereumBlock, at percentiles: [Double]
  ) -> [UInt256] {
    let baseFee = block.header.baseFeePerGas ?? .zero
    let sorted = block.outcomes
      .map { (tip: $0.effectiveGasPrice.subtractingOrZero(baseFee), gas: $0.gasUsed) }
      .sorted { $0.tip < $1.tip }
    return percentiles.map { percentile in
      let threshold = Double(block.header.gasUsed) * percentile / 100
      var gas: UInt64 = 0
      for entry in sorted {
        gas += entry.gas
        if Double(gas) >= threshold { return entry.tip }
      }
      return sorted.last?.tip ?? .zero
    }
  }
}
