import Addresses
import Foundation
import HTTPClient
import JSON
import LocalServers
import TestSupport
import Testing

/// The chain that a story plays on: who makes its blocks, and how a test has them made.
protocol StoryChain: Sendable {
  var rpc: StoryRPC { get }
  /// Where its two nodes answer.
  var urls: [String] { get }
  var chainID: UInt64 { get }
  /// USDC, USDT, FAKE and FORWARDER, and tokens that a story asked for.
  var contracts: [String: EthereumAddress] { get }
  /// Whether as many blocks are mined as were asked for, and no more.
  var minesExactly: Bool { get }

  /// Sends ether, in wei: it stands in the next block.
  func fund(_ address: String, _ value: UInt64) async throws
  /// Calls a contract in the next block; the transaction's hash. Arguments are addresses in hex,
  /// and integers in decimal.
  func transact(
    _ contract: String, _ function: String, _ arguments: [JSONValue], value: UInt64
  ) async throws -> JSONValue
  func mine(_ count: Int) async throws
  /// Makes the head final, and nothing else.
  func finalize() async throws
  /// Replaces the last `depth` blocks by `blocks` others, which leave out the transactions `drop`
  /// and have the others in other places.
  func reorganise(_ depth: Int, blocks: Int, dropping drop: [JSONValue]) async throws
  func stop() async
}

/// JSON-RPC to a node, whose errors fail the test with their text.
struct StoryRPC: Sendable {
  let client: HTTPClient
  let url: String

  func call(_ method: String, _ parameters: [JSONValue] = []) async throws -> JSONValue {
    let answer = try await answer(method, parameters)
    return try #require(answer["result"], "\(method): \(answer.json)")
  }

  /// The whole answer, which may be an error.
  func answer(_ method: String, _ parameters: [JSONValue]) async throws -> JSONValue {
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(parameters),
    ]
    let response = try await client.send(
      HTTPRequest(
        method: .post, url: url,
        headers: [HTTPHeader("Content-Type", "application/json")], body: request.bytes,
        timeoutMilliseconds: 60_000, maxResponseBytes: 1 << 22))
    return try JSONValue(parsing: response.body)
  }
}

/// The tests' own EVM.
final class TesterChain: StoryChain {
  let rpc: StoryRPC
  let contracts: [String: EthereumAddress]
  let chainID: UInt64 = 31_337
  let minesExactly = true
  private let node: EthereumTester
  private let directory: TemporaryDirectory

  private init(
    _ node: EthereumTester, _ rpc: StoryRPC, _ directory: TemporaryDirectory,
    contracts: [String: EthereumAddress]
  ) {
    self.node = node
    self.rpc = rpc
    self.directory = directory
    self.contracts = contracts
  }

  /// - Parameter tokens: contracts that are deployed besides, by their symbols
  static func start(tokens: [String: String] = [:]) async throws -> TesterChain {
    let directory = try TemporaryDirectory()
    let node = try await EthereumTester.start(
      directory: directory.path("node"), package: PackageFiles.root.path, chainID: 31_337)
    let rpc = StoryRPC(client: try HTTPClient(), url: node.url)
    for (symbol, contract) in tokens {
      _ = try await rpc.call("test_deploy", [.string(symbol), .string(contract)])
      _ = try await rpc.call("test_mine")
    }
    let answer = try await rpc.call("test_contracts")
    var contracts: [String: EthereumAddress] = [:]
    for name in ["USDC", "USDT", "FAKE", "FORWARDER"] + tokens.keys {
      contracts[name] = try EthereumAddress(#require(answer[name]?["address"]?.string))
    }
    return TesterChain(node, rpc, directory, contracts: contracts)
  }

  /// One server under two names.
  var urls: [String] { ["a", "b"].map { "\(node.url)/\($0)" } }

  func fund(_ address: String, _ value: UInt64) async throws {
    _ = try await rpc.call("test_fund", [.string(address), Self.quantity(value)])
  }

  func transact(
    _ contract: String, _ function: String, _ arguments: [JSONValue], value: UInt64
  ) async throws -> JSONValue {
    let numbers = arguments.map { argument -> JSONValue in
      guard let text = argument.string, !text.hasPrefix("0x") else { return argument }
      return .number(text)
    }
    return try await rpc.call(
      "test_transact",
      [
        .string(contract), .string(function), .array(numbers), ["value": Self.quantity(value)],
      ])
  }

  func mine(_ count: Int) async throws {
    _ = try await rpc.call("test_mine", [.number("\(count)")])
  }

  func finalize() async throws { _ = try await rpc.call("test_finalize") }

  func reorganise(_ depth: Int, blocks: Int, dropping drop: [JSONValue]) async throws {
    _ = try await rpc.call(
      "test_reorg",
      [.integer(depth), ["blocks": .integer(blocks), "drop": .array(drop), "reversed": true]])
  }

  func stop() async {
    await node.stop()
    rpc.client.shutdown()
  }

  private static func quantity(_ value: UInt64) -> JSONValue {
    .string("0x" + String(value, radix: 16))
  }
}
