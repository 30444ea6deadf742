import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import Foundation
import JSON
import NodeRPC
import TestSupport
import Testing

@Suite("Answers against those of geth")
struct EthereumAnswerTests {
  /// A question to a real node and its answer's body.
  private func recording(_ name: String) throws -> (request: JSONValue, body: JSONValue) {
    let json = try JSONValue(parsing: Array(PackageFiles.vector("rpc/geth-1.17.5/\(name).json")))
    let request = try #require(json["request"])
    let body = try #require(json["body"]?.string)
    return (request, try JSONValue(parsing: Array(body.utf8)))
  }

  /// Members in order with the kinds of their values. Of an array the first element stands for all;
  /// numbers of another kind are told apart from hexadecimal text.
  private func outline(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool: "bool"
    case .number: "number"
    case .string(let text): text.hasPrefix("0x") ? "hex" : "text"
    case .array(let elements): "[" + (elements.first.map { outline($0) } ?? "") + "]"
    case .object(let members):
      "{" + members.map { "\($0.name): \(outline($0.value))" }.joined(separator: ", ") + "}"
    }
  }

  @Test(
    "answers that don't depend on the chain are the same",
    arguments: [
      "block-future", "call-empty", "logs-future", "logs-inverted", "raw-badnonce",
      "receipt-unknown", "syncing", "tx-unknown",
    ])
  func equal(_ name: String) async throws {
    let (request, body) = try recording(name)
    let node = try makeEthereumNode(blocks: 12)
    let response = try await node.post(
      request.bytes, timeoutMilliseconds: 1_000, maximumBytes: 1 << 20)
    #expect(response.status == 200)
    #expect(try JSONValue(parsing: response.body) == body)
  }

  @Test("a failed call's error has geth's code and words")
  func revertedCall() async throws {
    let recorded = try recording("call-revert").body["error"]
    let node = try makeEthereumNode()
    let call = ABI.call("transfer(address,uint256)", [.address(account(1)), .number(5)])
    let error = try await node.ethereumError(
      "eth_call",
      .object([
        .init("to", .hex(SimulatedContracts.usdc)), .init("data", .string("0x" + Hex.encode(call))),
      ]), "latest")
    #expect(recorded?["code"]?.integer(Int.self) == error.code)
    #expect(recorded?["message"]?.string == error.message)
  }

  @Test(
    "answers have the members of the recorded ones, in their order",
    arguments: ["block-11", "receipts-11", "logs", "pending", "feeHistory"])
  func outlines(_ name: String) async throws {
    let (request, body) = try recording(name)
    let expected = try #require(body["result"])
    let node = try makeEthereumNode(blocks: 1)
    try node.send(.token(SimulatedContracts.usdc, 5, to: account(1)))
    try node.mine()
    let method = try #require(request["method"]?.string)
    let parameters: [JSONValue] =
      switch name {
      case "block-11": ["0x2", true]
      case "receipts-11": ["0x2"]
      default: request["params"]?.elements ?? []
      }
    let answer = try await node.answer(method, parameters)
    let result = try #require(answer["result"], "\(answer)")
    let isFees = name == "feeHistory"
    guard isFees else {
      #expect(outline(result) == outline(expected))
      return
    }
    // What blobs cost isn't told here: no block has any.
    let names = ["oldestBlock", "reward", "baseFeePerGas", "gasUsedRatio"]
    for name in names {
      #expect(try outline(#require(result[name])) == outline(#require(expected[name])))
    }
  }

  @Test("the tokens answer what a watcher asks them")
  func tokenViews() async throws {
    let node = try makeEthereumNode()
    func ask(_ contract: EthereumAddress, _ signature: String) async throws -> JSONValue {
      let arguments: [ABI.Argument] =
        signature.contains("address") ? [.address(account(0x77))] : []
      return try await node.ethereumResult(
        "eth_call",
        .object([
          .init("to", .hex(contract)),
          .init("data", .string("0x" + Hex.encode(ABI.call(signature, arguments)))),
        ]), "latest")
    }
    func word(_ number: UInt64) -> JSONValue {
      .string("0x" + Hex.encode(UInt256(number).bigEndianBytes))
    }
    let (usdc, usdt) = (SimulatedContracts.usdc, SimulatedContracts.usdt)
    #expect(try await ask(usdc, "decimals()") == word(6))
    #expect(try await ask(usdt, "decimals()") == word(6))
    #expect(try await ask(usdc, "paused()") == word(0))
    try node.send(.calling(usdc, "pause()"))
    try node.send(.calling(usdc, "blacklist(address)", [.address(account(0x77))]))
    try node.send(.calling(usdt, "addBlackList(address)", [.address(account(0x77))]))
    try node.mine()
    #expect(try await ask(usdc, "paused()") == word(1))
    #expect(try await ask(usdc, "isBlacklisted(address)") == word(1))
    #expect(try await ask(usdt, "isBlackListed(address)") == word(1))
    let symbol = try #require(try await ask(usdt, "symbol()").string)
    #expect(symbol.hasSuffix(Hex.encode(Array("USDT".utf8)) + String(repeating: "0", count: 56)))
    let code = try await node.ethereumResult("eth_getCode", .hex(usdc), "latest")
    #expect(code.string == "0x" + Hex.encode(BuiltInContract.usdCoin.code))
    #expect(try await node.ethereumResult("eth_getCode", .hex(account(1)), "latest") == "0x")
  }

  @Test("accounts answer for any block, the latest and what waits")
  func accountViews() async throws {
    let node = try makeEthereumNode(blocks: 1)
    let sender = SimulatedAccount.account(1).address
    try node.send(.ether(5, to: account(1)).by(account: 1))
    let block = try #require(try node.mine().first)
    try node.send(.ether(6, to: account(1)).by(account: 1))
    func count(_ block: JSONValue) async throws -> JSONValue {
      try await node.ethereumResult("eth_getTransactionCount", .hex(sender), block)
    }
    #expect(try await count("0x1") == "0x0")
    #expect(try await count("latest") == "0x1")
    #expect(try await count("pending") == "0x2")
    let balance = try await node.ethereumResult("eth_getBalance", .hex(account(1)), "latest")
    #expect(balance == "0x5")
    let pinned = JSONValue.object([
      .init("blockHash", .hex(block.hash)), .init("requireCanonical", true),
    ])
    #expect(try await node.ethereumResult("eth_getBalance", .hex(account(1)), pinned) == "0x5")
    try node.reorganize(depth: 1, transactions: .pending)
    let error = try await node.ethereumError("eth_getBalance", .hex(account(1)), pinned)
    #expect(error.message == "hash is not currently canonical")
    #expect(
      try await node.ethereumError("eth_getBalance", .hex(account(1)), "0xfffff").message
        == "header not found")
  }

  @Test("logs are found by contract and topic, in a range or in a block")
  func logs() async throws {
    let node = try makeEthereumNode(blocks: 1)
    let payees = [account(1), account(2)]
    for payee in payees {
      try node.send(.token(SimulatedContracts.usdc, 5, to: payee))
      try node.send(.token(SimulatedContracts.usdt, 6, to: payee))
      try node.mine()
    }
    func find(_ members: (String, JSONValue)...) async throws -> [JSONValue] {
      let filter = JSONValue.object(members.map { .init($0.0, $0.1) })
      return try await node.ethereumResult("eth_getLogs", filter).elements ?? []
    }
    let all: (String, JSONValue) = ("fromBlock", "0x0")
    #expect(try await find(all, ("toBlock", "latest")).count == 4)
    #expect(try await find(all, ("address", .hex(SimulatedContracts.usdc))).count == 2)
    #expect(try await find(all, ("address", [])).count == 4)
    let both = JSONValue.array([
      .hex(SimulatedContracts.usdc), .hex(SimulatedContracts.usdt),
    ])
    let transfer = JSONValue.hex(TokenTransfer.topic)
    let toSecond = JSONValue.array([.null, .null, .hex(account(2).paddedWord)])
    #expect(try await find(all, ("address", both), ("topics", toSecond)).count == 2)
    #expect(try await find(all, ("topics", [transfer])).count == 4)
    #expect(try await find(all, ("topics", [[.hex(Hash32.zero), transfer]])).count == 4)
    #expect(try await find(all, ("topics", [.hex(Hash32.zero)])).isEmpty)
    let inBlock = try await find(("blockHash", .hex(node.tip.hash)))
    #expect(inBlock.count == 2)
    #expect(inBlock.map { $0["logIndex"] } == ["0x0", "0x1"])
    #expect(
      try await node.ethereumError(
        "eth_getLogs", .object([.init("blockHash", .hex(Hash32.zero))])
      ).message == "unknown block")
  }

  @Test("traces stand beside their transactions' hashes, calls within calls")
  func traces() async throws {
    let node = try makeEthereumNode()
    let known = try node.send(
      .calling(
        SimulatedContracts.forwarder, "innerReverts(address)", [.address(account(1))], wei: 7))
    let block = try #require(try node.mine().first)
    let answer = try await node.ethereumResult(
      "debug_traceBlockByHash", .hex(block.hash), .object([.init("tracer", "callTracer")]))
    let trace = try #require(answer.elements?.first)
    #expect(trace["txHash"] == .hex(known.hash))
    let inner = try #require(trace["result"]?["calls"]?.elements?.first)
    #expect(inner["type"] == "CALL")
    #expect(inner["error"] == "execution reverted")
    #expect(inner["revertReason"] == "reverted after forwarding")
    #expect(inner["calls"]?.elements?.first?["to"] == .hex(account(1)))
    #expect(inner["calls"]?.elements?.first?["value"] == "0x7")
    #expect(
      try await node.ethereumError(
        "debug_traceBlockByHash", .hex(Hash32.zero),
        .object([
          .init("tracer", "callTracer")
        ])
      ).code == -32000)
  }

  @Test("an estimate is enough for what it was made for")
  func estimate() async throws {
    let node = try makeEthereumNode()
    let order = EthereumOrder.token(SimulatedContracts.usdc, 5, to: account(1))
    let estimate = try await node.ethereumResult(
      "eth_estimateGas",
      .object([
        .init("from", .hex(SimulatedAccount.account(0).address)),
        .init("to", .hex(SimulatedContracts.usdc)),
        .init("data", .string("0x" + Hex.encode(order.input))),
      ]))
    let digits = try #require(estimate.string).dropFirst(2)
    let gas = try #require(UInt64(digits, radix: 16))
    try node.send(order.withGasLimit(gas))
    let block = try #require(try node.mine().first)
    #expect(block.outcomes.first?.receipt.outcome == .succeeded)
    #expect(block.outcomes.first?.gasUsed == gas)
    let plain = try await node.ethereumResult(
      "eth_estimateGas", .object([.init("to", .hex(account(1)))]))
    #expect(plain == "0x5208")
  }

  @Test("a batch's answers come in order, errors among them")
  func batch() async throws {
    let node = try makeEthereumNode(blocks: 3)
    let request = """
      [{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"},\
      {"jsonrpc":"2.0","id":2,"method":"eth_nothing"},\
      {"jsonrpc":"2.0","id":3,"method":"eth_chainId","params":[]}]
      """
    let response = try await node.post(
      Array(request.utf8), timeoutMilliseconds: 1_000, maximumBytes: 1 << 20)
    #expect(
      String(decoding: response.body, as: UTF8.self) == """
        [{"jsonrpc":"2.0","id":1,"result":"0x3"},\
        {"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":\
        "the method eth_nothing does not exist/is not available"}},\
        {"jsonrpc":"2.0","id":3,"result":"0x539"}]

        """)
  }

  @Test(
    "arguments that can't be read are errors of the caller",
    arguments: [
      #"["0x1"]"#, #"["1"]"#, "[7]", #"["0xzz"]"#, "[]", "{}", #"["0x01",true,1,2,3,4]"#,
    ])
  func badArguments(_ parameters: String) async throws {
    let node = try makeEthereumNode()
    let values = try JSONValue(parsing: Array(parameters.utf8))
    let request = JSONValue.object([
      .init("jsonrpc", "2.0"), .init("id", 1), .init("method", "eth_getBlockByHash"),
      .init("params", values),
    ])
    let response = try await node.post(
      request.bytes, timeoutMilliseconds: 1_000, maximumBytes: 1 << 20)
    let error = try JSONValue(parsing: response.body)["error"]
    #expect(error?["code"]?.integer(Int.self) == -32602)
  }
}
