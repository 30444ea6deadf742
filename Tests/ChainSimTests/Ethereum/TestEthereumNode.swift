import Addresses
import Bytes
import ChainSim
import ChainTypes
import Ethereum
import JSON
import NodeRPC
import Testing

/// Somebody's address: twenty equal bytes.
func account(_ byte: UInt8) -> EthereumAddress {
  EthereumAddress(Hash20([UInt8](repeating: byte, count: 20)) ?? Hash20())
}

func makeEthereumNode(
  seed: UInt64 = 1, options: EthereumChainOptions = EthereumChainOptions(), blocks: Int = 0,
  clock: any RPCClock = NotingClock()
) throws -> SimulatedEthereumNode {
  let node = SimulatedEthereumNode(options: options, seed: seed, clock: clock) {
    UInt64(testTime)
  }
  try node.mine(blocks)
  return node
}

extension UInt256 {
  /// Wei.
  static func ether(_ count: UInt64) throws -> UInt256 {
    try UInt256(count).multiplied(by: UInt256(1_000_000_000_000_000_000))
  }
}

extension SimulatedEthereumNode {
  /// A call's result, whole.
  func answer(_ method: String, _ parameters: [JSONValue] = []) async throws -> JSONValue {
    let request = JSONValue.object([
      .init("jsonrpc", "2.0"), .init("id", .integer(1)), .init("method", .string(method)),
      .init("params", .array(parameters)),
    ])
    let response = try await post(
      request.bytes, timeoutMilliseconds: 1_000, maximumBytes: 64 << 20)
    return try JSONValue(parsing: response.body)
  }

  func ethereumResult(_ method: String, _ parameters: JSONValue...) async throws -> JSONValue {
    let answer = try await answer(method, parameters)
    return try #require(answer["result"], "\(answer.json.prefix(300))")
  }

  func ethereumError(_ method: String, _ parameters: JSONValue...) async throws -> RPCNodeError {
    let answer = try await answer(method, parameters)
    let error = try #require(answer["error"], "\(answer.json.prefix(300))")
    return RPCNodeError(
      code: try #require(error["code"]?.integer(Int.self)),
      message: try #require(error["message"]?.string))
  }

  /// What the node's answers about a block prove.
  func proof(of hash: Hash32) async throws(BlockProofError) -> BlockProof {
    let block = (try? await ethereumResult("eth_getBlockByHash", .hex(hash), true)) ?? .null
    let receipts = (try? await ethereumResult("eth_getBlockReceipts", .hex(hash))) ?? .null
    return try BlockProof.verify(
      block: block.bytes.span.bytes, receipts: receipts.bytes.span.bytes, expecting: hash,
      profile: options.profile)
  }
}

extension JSONValue {
  static func hex(_ hash: Hash32) -> JSONValue { .string("0x" + hash.hex) }

  static func hex(_ address: EthereumAddress) -> JSONValue { .string("0x" + address.hash.hex) }

  static func hex(_ number: UInt64) -> JSONValue { .string("0x" + String(number, radix: 16)) }
}

/// Watches everything, or the accounts that it is given.
struct WatchedAccounts: AddressWatching {
  var accounts: Set<EthereumAddress>?

  func watches(_ address: EthereumAddress) -> Bool { accounts?.contains(address) ?? true }
}
