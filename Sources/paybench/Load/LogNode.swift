internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Foundation
internal import JSON

/// A node that answers `eth_getLogs` for any blocks with the USDC and USDT transfers of mainnet's
/// block 21925176, and everything else as the simulated node behind it. It refuses more than 10,000
/// logs at once, as providers do.
struct LogNode: SimulatedNode {
  /// Heights whose hexadecimal is as long as the block's.
  static let heights: ClosedRange<UInt32> = 0x100_0000...0x1ff_ffff
  private static let maximumLogs = 10_000

  private let node: SimulatedEthereumNode
  /// The block's logs with a comma behind each.
  private let logs: [UInt8]
  /// Where in these the digits of the block's number stand.
  private let numbers: [Int]
  /// Where the digits of the first log's recipient stand, and those that replace them in some
  /// blocks.
  private let recipient: Int
  private let ours: [UInt8]

  /// Every fiftieth block has a transfer to the address that is watched.
  static func paysUs(_ height: UInt32) -> Bool { height.isMultiple(of: 50) }

  /// - Parameters:
  ///   - file: the block's receipts
  ///   - address: 20 bytes, paid by some blocks
  init(_ node: SimulatedEthereumNode, receipts file: URL, paying address: [UInt8]) throws {
    self.node = node
    ours = Array(Hex.encode(address).utf8)
    guard let data = try? Data(contentsOf: file),
      let receipts = try? JSONValue(parsing: [UInt8](data)).elements
    else { throw BenchmarkFailure("\(file.path) can't be read; see --vectors") }
    var (logs, numbers): ([UInt8], [Int]) = ([], [])
    var recipient: Int?
    for log in receipts.flatMap({ $0["logs"]?.elements ?? [] }) where Self.isListed(log) {
      if recipient == nil, let topic = log["topics"]?.elements?.last,
        let place = Data(log.bytes).range(of: Data(topic.bytes), options: .backwards)
      {
        // Before the quote behind it.
        recipient = logs.count + place.upperBound - 1 - 2 * address.count
      }
      guard let number = log["blockNumber"], number.bytes.count == 11 else { continue }
      let bytes = log.bytes
      guard let place = Data(bytes).range(of: Data(number.bytes)) else { continue }
      // Behind the quote and `0x`.
      numbers.append(logs.count + place.lowerBound + 3)
      logs += bytes + [UInt8(ascii: ",")]
    }
    guard let recipient, ours.count == 40 else {
      throw BenchmarkFailure("\(file.path) has no transfer of a listed token")
    }
    (self.logs, self.numbers, self.recipient) = (logs, numbers, recipient)
  }

  static let contracts = [
    "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "0xdac17f958d2ee523a2206206994597c13d831ec7",
  ]
  private static let transfer =
    "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

  private static func isListed(_ log: JSONValue) -> Bool {
    contracts.contains(log["address"]?.string ?? "")
      && log["topics"]?.elements?.first == .string(transfer)
  }

  var logsPerBlock: Int { numbers.count }

  func reply(to body: [UInt8], timeoutMilliseconds: Int) async throws -> RPCReply {
    guard let call = try? JSONValue(parsing: body), call["method"] == "eth_getLogs",
      let filter = call["params"]?.elements?.first, let first = Self.height(filter["fromBlock"]),
      let last = Self.height(filter["toBlock"]), first <= last, let id = call["id"],
      filter["topics"] == .array([.array([.string(Self.transfer)])])
    else { return try await node.reply(to: body, timeoutMilliseconds: timeoutMilliseconds) }
    let head = Array("{\"jsonrpc\":\"2.0\",\"id\":\(id.json),".utf8)
    guard (Int(last - first) + 1) * logsPerBlock <= Self.maximumLogs else {
      return RPCReply(
        status: 200,
        body: head
          + Array(
            "\"error\":{\"code\":-32005,\"message\":\"query returned more than \(Self.maximumLogs) results\"}}"
              .utf8))
    }
    var answer = head + Array("\"result\":[".utf8)
    answer.reserveCapacity(answer.count + Int(last - first + 1) * logs.count + 2)
    for height in first...last {
      let start = answer.count
      answer += logs
      let digits = Array(String(height, radix: 16).utf8)
      for number in numbers {
        for (place, digit) in digits.enumerated() { answer[start + number + place] = digit }
      }
      if Self.paysUs(height) {
        answer.replaceSubrange(start + recipient..<start + recipient + ours.count, with: ours)
      }
    }
    answer.removeLast()
    answer += Array("]}".utf8)
    return RPCReply(status: 200, body: answer)
  }

  private static func height(_ value: JSONValue?) -> UInt32? {
    (value?.string?.dropFirst(2)).flatMap { UInt32($0, radix: 16) }
      .flatMap { heights.contains($0) ? $0 : nil }
  }
}
