import Addresses
import Bytes
import Ethereum
import JSON
import NodeRPC
import Synchronization
import Testing

@Suite("Logs of an EVM node") struct EthereumLogsTests {
  private static let transfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
  private let token = EthereumAddress(
    Hash20(bytes: [UInt8](repeating: 0xaa, count: 20).span.bytes, at: 0))

  private func filter() throws -> LogFilter {
    LogFilter(addresses: [token], topics: [[try #require(JSONValue.string(Self.transfer).hash32)]])
  }

  /// A transfer of `token` in the block at `height`.
  private static func log(
    _ token: EthereumAddress, at height: UInt32
  ) -> JSONValue {
    let account = JSONValue.string("0x" + String(repeating: "0", count: 62) + "05")
    return [
      "address": .address(token), "topics": [.string(transfer), account, account],
      "data": account, "blockNumber": .quantity(height),
      "blockHash": .hash32(hash32(height % 200)), "transactionHash": .hash32(hash32(1)),
      "transactionIndex": "0x0", "logIndex": "0x0", "removed": false,
    ]
  }

  /// Every account is watched.
  private struct Everyone: AddressWatching {
    func watches(_ address: EthereumAddress) -> Bool { true }
  }

  private func transfers(_ logs: [UInt8]) throws -> [ClaimedTransfer] {
    try ClaimedTransfer.all(in: logs.span.bytes, watching: Everyone()).transfers
  }

  @Test(
    "recorded logs come as they are, and hold the transfers", arguments: ["logs", "logs-topic"])
  func recorded(name: String) async throws {
    let all = LogFilter(addresses: [], topics: [])
    let logs = try await ethereumNode(recorded: name).logs(all, in: 0...15)
    let transfers = try transfers(logs)
    #expect(transfers.count > 20)
    #expect(transfers.allSatisfy { !$0.isRemoved && (7...14).contains($0.blockNumber) })
  }

  @Test("recorded errors of a range above the head, and of one the wrong way round, are told apart")
  func recordedErrors() async throws {
    let all = LogFilter(addresses: [], topics: [])
    for (name, expected) in [("logs-future", LogRefusal.beyondHead), ("logs-inverted", .other)] {
      let error = await #expect(throws: NodeError.self) {
        try await ethereumNode(recorded: name).logs(all, in: 2...5)
      }
      guard case .rpc(let error) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(LogRefusal(error, asking: 2...5) == expected)
    }
  }

  @Test("an empty list of addresses or topics is left out of the question")
  func emptyFilter() async throws {
    let transport = methodTransport { _, _ in .result([]) }
    let node = ethereumNode(transport)
    let topic = hash32(3)
    _ = try await node.logs(LogFilter(addresses: [], topics: [[], [topic]]), in: 1...16)
    let asked = transport.requests.first?["params"]?.elements?.first
    #expect(
      asked == ["topics": [.null, [.hash32(topic)]], "fromBlock": "0x1", "toBlock": "0x10"])
  }

  @Test("of a block by its hash, null and an unknown block are nil and an empty list isn't")
  func byHash() async throws {
    let filter = try filter()
    func logs(_ answer: Answer) async throws -> [UInt8]? {
      try await ethereumNode(methodTransport { _, _ in answer }).logs(filter, in: hash32(5))
    }
    #expect(try await logs(.result([])) == Array("[]".utf8))
    #expect(try await logs(.result(.null)) == nil)
    #expect(try await logs(.error(-32000, "unknown block")) == nil)
    await #expect(throws: NodeError.self) { try await logs(.result([:])) }
  }

  @Test("of a range, null is no answer")
  func nullOfRange() async throws {
    let filter = try filter()
    let node = ethereumNode(methodTransport { _, _ in .result(.null) })
    await #expect(throws: NodeError.self) { try await node.logs(filter, in: 1...2) }
  }

  @Test(
    "a search learns a node's limit, keeps it for the next search, and passes refused blocks over")
  func searching() async throws {
    let token = token
    let filter = try filter()
    let transport = methodTransport { _, parameters in
      guard let first = parameters[0]["fromBlock"]?.quantity(UInt32.self),
        let last = parameters[0]["toBlock"]?.quantity(UInt32.self)
      else { return .error(-32602, "no range") }
      if last - first >= 300 { return .error(-32602, "range exceeds limit of 300") }
      if first...last ~= 450 { return .error(-32005, "query returned more than 10000 results") }
      return .result(
        .array((first...last).filter { $0 % 100 == 0 }.map { Self.log(token, at: $0) }))
    }
    let node = ethereumNode(transport)
    var search = LogSearch(100...1_200)
    var heights: [UInt64] = []
    var refused: [UInt32] = []
    search: while true {
      switch try await node.logs(filter, searching: &search) {
      case .page(let page): heights += try transfers(page.logs).map(\.blockNumber)
      case .unanswerable(let height): refused.append(height)
      case .finished: break search
      }
    }
    #expect(heights == (1...12).map { $0 * 100 })
    #expect(refused == [450])
    let count = transport.requests.count
    var next = LogSearch(2_000...2_009)
    _ = try await node.logs(filter, searching: &next)
    #expect(transport.requests.count == count + 1)
    #expect(next.pace.blockCount < 300)
  }

  @Test("an error that fewer blocks don't help leaves the search for another node")
  func handingOver() async throws {
    let filter = try filter()
    let lagging = ethereumNode(
      methodTransport { _, _ in
        .error(-32602, "block range extends beyond current head block")
      })
    var search = LogSearch(10...20)
    await #expect(throws: NodeError.self) { try await lagging.logs(filter, searching: &search) }
    #expect(search.range == 10...20)
    let ahead = ethereumNode(methodTransport { _, _ in .result([]) })
    #expect(
      try await ahead.logs(filter, searching: &search)
        == .page(LogPage(range: 10...20, logs: Array("[]".utf8))))
    #expect(try await ahead.logs(filter, searching: &search) == .finished)
  }

  @Test("answers that are too large shut no node out")
  func tooLarge() async throws {
    let node = ethereumNode(
      ScriptedTransport { request, _ in
        let range = request["params"]?.elements?.first
        guard range?["fromBlock"] == range?["toBlock"] else {
          throw TransportError.tooLarge(limit: 1)
        }
        return RPCResponse(200, #"{"id":\#(request["id"]?.json ?? "0"),"result":[]}"#)
      })
    var search = LogSearch(0...1_999)
    #expect(
      try await node.logs(filter(), searching: &search)
        == .page(LogPage(range: 0...0, logs: Array("[]".utf8))))
  }
}
