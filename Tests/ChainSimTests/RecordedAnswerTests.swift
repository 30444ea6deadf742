import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import JSON
import NodeRPC
import Testing

@Suite("Answers against those of Bitcoin Core")
struct RecordedAnswerTests {
  @Test(
    "answers that don't depend on the chain are the same, to the order of their members",
    arguments: [
      "err-height", "err-method", "err-method-v2", "err-param", "err-parse", "err-tx",
      "err-unknown-block-v1", "err-unknown-block-v2", "estimatesmartfee", "batch-v2",
    ])
  func equal(_ name: String) async throws {
    let recording = try Recording(name)
    let node = try makeNode(blocks: 103, hasTransactionIndex: true)
    let response = try await node.post(
      recording.request, timeoutMilliseconds: 1_000, maximumBytes: 1 << 20)
    #expect(response.status == recording.response.status)
    // A line break within a string may be written in two ways, so the values are compared.
    #expect(
      try JSONValue(parsing: response.body) == JSONValue(parsing: recording.response.body))
  }

  @Test("a batch's answers come in order, errors among them")
  func batch() async throws {
    let recording = try Recording("batch")
    let node = try makeNode(blocks: 103)
    let response = try await node.post(
      recording.request, timeoutMilliseconds: 1_000, maximumBytes: 1 << 20)
    let expected = String(decoding: recording.response.body, as: UTF8.self).replacing(
      "1aafd420f9427a6d98e4d916751d7aa45e65caa9dc5ec100529f3da0e50ec415",
      with: try #require(node.machine.block(at: 5)).hash.displayHex)
    #expect(String(decoding: response.body, as: UTF8.self) == expected)
  }

  @Test(
    "answers have the members of the recorded ones, in their order",
    arguments: [
      "getblockchaininfo", "getblockheader", "getblock-v1", "getblock-v2",
      "getrawtransaction-1", "getrawtransaction-2", "gettxout", "getchaintips", "getmempoolinfo",
    ])
  func outlines(_ name: String) async throws {
    let node = try makeNode(blocks: 101, hasTransactionIndex: true)
    let paid = try node.pay(script(1), value: 150_000_000)
    let block = try #require(try node.mine().first)
    try node.mine()
    let txid = JSONValue.displayHash(paid.txid)
    let hash = JSONValue.displayHash(block.hash)
    let questions: [String: (method: String, parameters: [JSONValue])] = [
      "getblockheader": ("getblockheader", [hash]),
      "getblock-v1": ("getblock", [hash, .integer(1)]),
      "getblock-v2": ("getblock", [hash, .integer(2)]),
      "getrawtransaction-1": ("getrawtransaction", [txid, .integer(1)]),
      "getrawtransaction-2": ("getrawtransaction", [txid, .integer(2), hash]),
      "gettxout": ("gettxout", [txid, .integer(0)]),
    ]
    let question = questions[name] ?? (name, [])
    var answer = try #require(try await node.result(question.method, question.parameters))
    var expected = try Recording(name).result
    if name == "getblockchaininfo" {
      // The recorded node is a pre-release build and warns of it.
      answer = answer.setting("warnings", .null)
      expected = expected.setting("warnings", .null)
    }
    #expect(outline(answer) == outline(expected))
  }

  @Test("the descriptor and words of a script are Bitcoin Core's")
  func scripts() async throws {
    let recorded = try Recording("gettxout").result["scriptPubKey"]
    let scriptPubKey = try Hex.decode(try #require(recorded?["hex"]?.string))
    let node = try makeNode(blocks: 101)
    let paid = try node.pay(scriptPubKey, value: 150_000_000)
    let answer = try await node.result("gettxout", [.displayHash(paid.txid), .integer(0)])
    #expect(answer?["scriptPubKey"] == recorded)
    #expect(answer?["value"] == .number("1.50000000"))
    #expect(answer?["confirmations"] == .integer(0))
  }

  @Test("arguments may go by name, and notifications get no answer")
  func namedArguments() async throws {
    let node = try makeNode(blocks: 3)
    let named = try await node.ask(
      #"{"jsonrpc":"2.0","id":"a","method":"getblockhash","params":{"height":2}}"#)
    #expect(named["result"]?.displayHash == node.machine.block(at: 2)?.hash)
    let silent = try await node.post(
      Array(#"{"jsonrpc":"2.0","method":"getblockcount"}"#.utf8), timeoutMilliseconds: 1_000,
      maximumBytes: 1 << 20)
    #expect(silent == RPCResponse(status: 204, body: []))
  }
}

extension JSONValue {
  fileprivate func setting(_ key: String, _ value: JSONValue) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.map { $0.name == key ? Member(key, value) : $0 })
  }
}
