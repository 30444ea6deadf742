import HTTPClient
import JSON
import LoopbackHTTP
import NodeRPC
import Testing

@Suite("An EVM node over HTTP") struct EthereumOverHTTPTests {
  /// A node behind a provider that answers `eth_getLogs` for at most 100 blocks, and refuses more
  /// as `refuse` says.
  private func withNode(
    refuse: @escaping @Sendable (_ id: JSONValue) -> LoopbackServer.Reply,
    _ test: (EthereumNode, LoopbackServer) async throws -> Void
  ) async throws {
    let server = try LoopbackServer { request in
      guard let call = try? JSONValue(parsing: request.body), let id = call["id"],
        let range = call["params"]?.elements?.first,
        let first = range["fromBlock"]?.quantity(UInt32.self),
        let last = range["toBlock"]?.quantity(UInt32.self)
      else { return .response(status: 400, body: []) }
      guard last - first < 100 else { return refuse(id) }
      let answer: JSONValue = ["jsonrpc": "2.0", "id": id, "result": []]
      return .response(status: 200, body: answer.bytes)
    }
    defer { server.stop() }
    let client = try HTTPClient()
    defer { client.shutdown() }
    let transport = HTTPTransport(client: client, url: server.url, authentication: .none)
    try await test(
      EthereumNode(
        name: "provider", transport: transport, clock: ManualClock(), jitterSeed: 1), server)
  }

  private func blocks(of node: EthereumNode) async throws -> [ClosedRange<UInt32>] {
    var search = LogSearch(0...999)
    var ranges: [ClosedRange<UInt32>] = []
    let filter = LogFilter(addresses: [], topics: [])
    while case .page(let page) = try await node.logs(filter, searching: &search) {
      ranges.append(page.range)
    }
    return ranges
  }

  @Test("a limit that comes as an error under HTTP 413 is learned from it")
  func errorUnder413() async throws {
    try await withNode { id in
      let error: JSONValue = [
        "code": -32614, "message": "eth_getLogs is limited to a 100 range",
      ]
      let answer: JSONValue = ["jsonrpc": "2.0", "id": id, "error": error]
      return .response(status: 413, body: answer.bytes)
    } _: { node, _ in
      let ranges = try await blocks(of: node)
      #expect(ranges == (0..<10).map { $0 * 100...$0 * 100 + 99 })
    }
  }

  @Test("so is one that a proxy tells in HTML under HTTP 413")
  func pageUnder413() async throws {
    try await withNode { _ in
      .response(status: 413, body: Array("<html>Request Entity Too Large</html>".utf8))
    } _: { node, _ in
      let ranges = try await blocks(of: node)
      #expect(ranges.reduce(0) { $0 + $1.count } == 1_000)
      #expect(ranges.allSatisfy { $0.count <= 100 })
    }
  }

  @Test("a provider that is asked too often isn't asked for less, but later")
  func tooManyRequests() async throws {
    try await withNode { _ in
      .response(status: 429, body: Array("Too Many Requests".utf8))
    } _: { node, server in
      await #expect(
        throws: NodeError.rpc(.overloaded(status: 429, excerpt: "Too Many Requests"))
      ) { try await blocks(of: node) }
      #expect(server.connectionCount > 0)
    }
  }
}
