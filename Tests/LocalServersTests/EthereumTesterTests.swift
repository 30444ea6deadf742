import Foundation
import HTTPClient
import JSON
import LocalServers
import TestSupport
import Testing

@Suite("a real EVM of this machine")
struct EthereumTesterTests {
  /// A started node and a client of it.
  final class Running: Sendable {
    let server: EthereumTester
    let client: HTTPClient
    private let directory: TemporaryDirectory

    init(chainID: UInt32) async throws {
      directory = try TemporaryDirectory()
      client = try HTTPClient()
      server = try await EthereumTester.start(
        directory: directory.path("node"), package: PackageFiles.root.path, chainID: chainID)
    }

    /// What a method answers; an error of the node is thrown with its text.
    func call(_ method: String, _ parameters: JSONValue...) async throws -> JSONValue {
      let request: JSONValue = [
        "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(parameters),
      ]
      let response = try await client.send(
        HTTPRequest(
          method: .post, url: server.url,
          headers: [HTTPHeader("Content-Type", "application/json")], body: request.bytes,
          timeoutMilliseconds: 60_000, maxResponseBytes: 1 << 22))
      let answer = try JSONValue(parsing: response.body)
      return try #require(answer["result"], "\(answer.json)")
    }
  }

  @Test("it has the chain id that was asked for, and contracts in its first block")
  func starts() async throws {
    let node = try await Running(chainID: 11_155_111)
    #expect(try await node.call("eth_chainId") == "0xaa36a7")
    #expect(try await node.call("net_version") == "11155111")
    #expect(try await node.call("eth_blockNumber") == "0x1")
    let contracts = try await node.call("test_contracts")
    for name in ["USDC", "USDT", "FAKE", "FORWARDER"] {
      let address = try #require(contracts[name]?["address"])
      let code = try await node.call("eth_getCode", address, "latest")
      #expect(try #require(code.string).utf8.count > 200)
    }
    await node.server.stop()
    #expect(!node.server.isRunning)
  }

  @Test("a transfer of a token is mined, told in a receipt, and mined anew after a reorganisation")
  func transfers() async throws {
    let node = try await Running(chainID: 1337)
    let receiver: JSONValue = "0x00000000000000000000000000000000000000aa"
    let hash = try await node.call("test_transact", "USDC", "transfer", [receiver, 250])
    #expect(try await node.call("eth_getTransactionReceipt", hash) == .null)

    let mined = try await node.call("test_mine", 1)
    let receipt = try await node.call("eth_getTransactionReceipt", hash)
    #expect(receipt["status"] == "0x1")
    #expect(receipt["blockHash"] == mined.elements?.first)
    let log = try #require(receipt["logs"]?.elements?.first)
    #expect(log["data"]?.string?.hasSuffix("00fa") == true)
    #expect(try await node.call("eth_getBlockReceipts", "latest") == [receipt])

    let left = try await node.call("test_reorg", 1)
    #expect(left == mined)
    let anew = try await node.call("eth_getTransactionReceipt", hash)
    #expect(anew["blockNumber"] == receipt["blockNumber"])
    #expect(anew["blockHash"] != receipt["blockHash"])
    #expect(try await node.call("eth_blockNumber") == "0x3")
    await node.server.stop()
  }

  @Test("its answers rebuild the roots, hashes and proofs that its blocks name")
  func checksItself() async throws {
    let directory = try TemporaryDirectory()
    let root = PackageFiles.root.path
    let check = try ServerProcess(
      .init(
        [
          "\(root)/.build/ethereum-node/bin/python", "-B", "\(root)/Tests/EthereumNode/check.py",
        ], log: directory.path("log")))
    try await waitUntil { !check.isRunning }
    let said = check.logTail()
    #expect(said.split(separator: "\n").last == "everything passed", "\(said)")
    await check.stop()
  }
}
