import Bytes
import JSON
import NodeRPC
import Synchronization
import Testing

@Suite("Receipts of an EVM node") struct EthereumReceiptsTests {
  private let block = hash32(7)
  private let transactions = [hash32(1), hash32(2), hash32(3)]

  /// A node without `eth_getBlockReceipts`, as `refusal` says so.
  private func singles(
    refusal: Answer = .error(-32601, "the method eth_getBlockReceipts does not exist"),
    receipt: @escaping @Sendable (Hash32) -> JSONValue
  ) -> ScriptedTransport {
    methodTransport { method, parameters in
      method == "eth_getBlockReceipts"
        ? refusal : .result(receipt(parameters[0].hash32 ?? .zero))
    }
  }

  @Test("null isn't an empty list")
  func nullIsNotEmpty() async throws {
    let lagging = ethereumNode(methodTransport { _, _ in .result(.null) })
    #expect(
      try await lagging.receipts(of: block, transactions: transactions, gasUsed: 63_000) == nil)
    let empty = ethereumNode(methodTransport { _, _ in .result([]) })
    #expect(
      try await empty.receipts(of: block, transactions: transactions, gasUsed: 63_000)
        == .whole(Array("[]".utf8)))
    let unknown = ethereumNode(methodTransport { _, _ in .error(-32000, "block not found") })
    #expect(
      try await unknown.receipts(of: block, transactions: transactions, gasUsed: 63_000) == nil)
  }

  @Test("a recorded empty list is an answer, and a recorded null none")
  func recorded() async throws {
    let some = [hash32(1)]
    #expect(
      try await ethereumNode(recorded: "receipts-15")
        .receipts(of: block, transactions: some, gasUsed: 0) == .whole(Array("[]".utf8)))
    let node = ethereumNode(
      try RecordedTransport([
        RPCResponse(200, #"{"error":{"code":-32601,"message":"Method not found"}}"#),
        Recorded.geth("receipt-unknown"),
      ]))
    #expect(try await node.receipts(of: block, transactions: some, gasUsed: 0) == nil)
  }

  @Test("a block without transactions has no receipts to ask for")
  func noTransactions() async throws {
    let transport = methodTransport { _, _ in .result(.null) }
    #expect(
      try await ethereumNode(transport).receipts(of: block, transactions: [], gasUsed: 0)
        == .whole(Array("[]".utf8)))
    #expect(transport.requests.isEmpty)
  }

  @Test(
    "where the method is missing, in whatever words, single receipts are asked from then on",
    arguments: [
      (-32601, "the method eth_getBlockReceipts does not exist/is not available"),
      (-32600, "Unsupported method: eth_getBlockReceipts on ETH_MAINNET"),
      (-32004, "Method eth_getBlockReceipts is not supported"),
      (-32000, "method not available on your plan"),
      (-32001, "rpc method is not whitelisted"),
    ])
  func fallback(code: Int, message: String) async throws {
    let block = block
    let transport = singles(refusal: .error(code, message)) { hash in
      ["transactionHash": .hash32(hash), "blockHash": .hash32(block)]
    }
    let node = ethereumNode(transport)
    let answer = try await node.receipts(of: block, transactions: transactions, gasUsed: 63_000)
    guard case .single(let receipts) = answer else {
      Issue.record("\(String(describing: answer))")
      return
    }
    let hashes = try receipts.map { try JSONValue(parsing: $0)["transactionHash"]?.hash32 }
    #expect(hashes == transactions)
    _ = try await node.receipts(of: block, transactions: transactions, gasUsed: 63_000)
    let methods = transport.requests.map { $0["method"] ?? $0.elements?.first?["method"] }
    let single: JSONValue = "eth_getTransactionReceipt"
    #expect(methods == ["eth_getBlockReceipts", single, single])
  }

  @Test("single receipts are asked in batches of a bounded size")
  func batches() async throws {
    let block = block
    let transport = singles { _ in ["blockHash": .hash32(block)] }
    let many = [Hash32](repeating: hash32(1), count: 250)
    let answer = try await ethereumNode(transport)
      .receipts(of: block, transactions: many, gasUsed: 5_250_000)
    guard case .single(let receipts) = answer else {
      Issue.record("\(String(describing: answer))")
      return
    }
    #expect(receipts.count == 250)
    #expect(transport.requests.dropFirst().map { $0.elements?.count } == [100, 100, 50])
  }

  @Test("one that is missing, or of another block, leaves the block without receipts")
  func incomplete() async throws {
    let block = block
    let others: [JSONValue] = [
      .null, ["blockHash": .hash32(hash32(8))], ["blockHash": .null], [:],
    ]
    for other in others {
      let node = ethereumNode(
        singles { $0 == hash32(2) ? other : ["blockHash": .hash32(block)] })
      #expect(
        try await node.receipts(of: block, transactions: transactions, gasUsed: 63_000) == nil)
    }
  }

  @Test("an answer is bounded by the block's gas")
  func bound() async throws {
    let padding = String(repeating: " ", count: 4 << 20)
    let node = ethereumNode(
      ScriptedTransport { request, _ in
        RPCResponse(200, #"{"id":\#(request["id"]?.json ?? "0"),"result":[]\#(padding)}"#)
      })
    await #expect(throws: NodeError.rpc(.transport(.tooLarge(limit: (1 << 20) + 4_096 + 42_000)))) {
      try await node.receipts(of: block, transactions: [hash32(1)], gasUsed: 21_000)
    }
    let answer = try await node.receipts(
      of: block, transactions: [hash32(1)], gasUsed: 30_000_000)
    #expect(answer == .whole(Array("[]".utf8)))
  }
}
