internal import Addresses
internal import Bytes
internal import Ethereum
internal import JSON
internal import NodeRPC

/// Which logs `eth_getLogs` is asked for.
struct LogCriteria {
  /// Nil for all.
  var addresses: Set<EthereumAddress>?
  /// By place; nil for all.
  var topics: [Set<Hash32>?] = []

  /// geth's limit on alternatives.
  private static let maximumAlternatives = 1_000

  init(_ criteria: JSONValue) throws(RPCNodeError) {
    if let wanted = criteria["address"], wanted != .null {
      var addresses: Set<EthereumAddress> = []
      for value in wanted.elements ?? [wanted] {
        addresses.insert(try EthereumArguments.address(value, 0))
      }
      guard addresses.count <= Self.maximumAlternatives else {
        throw RPCNodeError(code: -32602, message: "exceed max addresses")
      }
      // An empty list is no wish (nethermind#6084).
      if !addresses.isEmpty { self.addresses = addresses }
    }
    for wanted in criteria["topics"]?.elements ?? [] {
      var words: Set<Hash32> = []
      var isAny = wanted == .null
      for value in wanted.elements ?? (isAny ? [] : [wanted]) {
        if value == .null {
          isAny = true
        } else {
          words.insert(try EthereumArguments.hash(value, 0))
        }
      }
      guard words.count <= Self.maximumAlternatives, topics.count < 4 else {
        throw RPCNodeError(code: -32602, message: "exceed max topics")
      }
      topics.append(isAny || words.isEmpty ? nil : words)
    }
  }

  /// False where a block's logs hold none that is asked for.
  func mayMatch(_ bloom: LogBloom) -> Bool {
    if let addresses, !addresses.contains(where: { bloom.mayContain($0) }) { return false }
    return topics.allSatisfy { words in
      words.map { words in words.contains { bloom.mayContain($0) } } ?? true
    }
  }

  func matches(_ log: EthereumLog) -> Bool {
    if let addresses, !addresses.contains(log.address) { return false }
    guard log.topics.count >= topics.count else { return false }
    return zip(topics, log.topics).allSatisfy { words, topic in words?.contains(topic) ?? true }
  }
}

extension EthereumView {
  func logs(_ arguments: EthereumArguments) throws(RPCNodeError) -> [UInt8] {
    let criteria = try arguments.required(0)
    let filter = try LogCriteria(criteria)
    let blocks = try blocks(criteria)
    var found: [LogAnswer] = []
    for block in blocks where filter.mayMatch(block.header.logsBloom) {
      for receipt in ReceiptAnswer.all(of: block) where !receipt.receipt.logs.isEmpty {
        found += receipt.logs.filter { filter.matches($0.log) }
      }
    }
    for case .logLimit(let limit) in faults {
      try limit.check(blocks: blocks, logs: found)
    }
    for fault in faults {
      switch fault {
      case .emptyLogs: found = []
      case .truncatedLogs(let count): found = Array(found.prefix(max(count, 0)))
      case .forgedLogs(let forgery): forgery.apply(to: &found)
      default: break
      }
    }
    return AnswerWriter.value { writer in writer.array(of: found) { $1.write(to: &$0) } }
  }

  private func blocks(
    _ criteria: JSONValue
  ) throws(RPCNodeError) -> ArraySlice<SimulatedEthereumBlock> {
    func given(_ name: String) -> JSONValue? { criteria[name].flatMap { $0 == .null ? nil : $0 } }
    if let wanted = given("blockHash") {
      guard given("fromBlock") == nil, given("toBlock") == nil else {
        throw EthereumArguments.invalid(
          0, "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other")
      }
      guard let block = block(try EthereumArguments.hash(wanted, 0)) else {
        throw Self.unknownBlock
      }
      return [block][...]
    }
    let first = try bound(given("fromBlock"))
    let last = try bound(given("toBlock"))
    guard first <= last else {
      throw RPCNodeError(code: -32602, message: "invalid block range params")
    }
    // A node that lags behind itself stands for a balancer's: it knows nothing up there.
    guard last <= head.number else {
      throw RPCNodeError(
        code: -32602, message: "block range extends beyond current head block")
    }
    return machine.canonical[Int(first)...Int(last)]
  }

  private func bound(_ value: JSONValue?) throws(RPCNodeError) -> UInt64 {
    guard let value, value.string != "pending" else { return head.number }
    if case .block(let block) = try find(value, 0) { return block.number }
    return try EthereumArguments.number(value, 0)
  }
}

extension LogLimit {
  /// Throws what the provider says to a range of `blocks` with those `logs`, if it is too much.
  func check(
    blocks: ArraySlice<SimulatedEthereumBlock>, logs: [LogAnswer]
  ) throws(RPCNodeError) {
    if let limit = self.blocks, UInt64(blocks.count) > limit {
      throw tooManyBlocks(UInt64(blocks.count), limit: limit)
    }
    if let limit = results, logs.count > max(limit, 0) {
      throw tooManyResults(limit: limit, blocks: blocks, logs: logs)
    }
  }

  private func tooManyBlocks(_ count: UInt64, limit: UInt64) -> RPCNodeError {
    switch provider {
    case .geth:
      RPCNodeError(code: -32602, message: "exceed maximum block range: \(limit)")
    case .infura:
      RPCNodeError(code: -32602, message: "range \(count) exceeds limit of \(limit)")
    case .alchemy:
      RPCNodeError(
        code: -32600,
        message: "You can make eth_getLogs requests with up to a \(limit) block range.")
    case .quickNode:
      RPCNodeError(code: -32614, message: "eth_getLogs is limited to a \(limit) range")
    case .reth, .rethSuggestingTheSame:
      RPCNodeError(code: -32602, message: "query exceeds max block range \(limit)")
    }
  }

  private func tooManyResults(
    limit: Int, blocks: ArraySlice<SimulatedEthereumBlock>, logs: [LogAnswer]
  ) -> RPCNodeError {
    let first = blocks.first?.number ?? 0
    let asked = blocks.last?.number ?? 0
    // Up to before the block whose log is the first too many.
    let reached = logs[max(limit, 0)].place.number
    let suggested =
      provider == .rethSuggestingTheSame ? asked : max(first, reached - min(reached, 1))
    func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
    switch provider {
    case .geth, .infura, .quickNode:
      return RPCNodeError(
        code: -32005, message: "query returned more than \(limit) results")
    case .alchemy:
      return RPCNodeError(
        code: -32602,
        message: "Log response size exceeded. You can make eth_getLogs requests with up to a 2K "
          + "block range and no limit on the response size, or you can request any block range "
          + "with a cap of 10K logs in the response. Based on your parameters and the response "
          + "size limit, this block range should work: [\(hex(first)), \(hex(suggested))]")
    case .reth, .rethSuggestingTheSame:
      return RPCNodeError(
        code: -32602,
        message: "query exceeds max results \(limit), retry with the range \(first)-\(suggested)")
    }
  }
}
