import Bytes
import ChainSim
import Foundation
import NodeRPC
import Synchronization

/// A node that tells of other blocks by their numbers than it has, as consistently as it can: each
/// of their hashes is replaced wherever it stands.
final class ReplacingTransport: RPCTransport {
  private let node: SimulatedEthereumNode
  private let replaced = Mutex<[Hash32: Hash32]>([:])

  init(_ node: SimulatedEthereumNode) { self.node = node }

  func replace(_ hashes: some Sequence<Hash32>) {
    replaced.withLock { replaced in
      for hash in hashes { replaced[hash] = Hash32(Array(hash.bytes.reversed())) }
    }
  }

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let response = try await node.post(
      body, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: maximumBytes)
    guard String(decoding: body, as: UTF8.self).contains("eth_getBlockByNumber") else {
      return response
    }
    var text = String(decoding: response.body, as: UTF8.self)
    for (hash, other) in replaced.withLock({ $0 }) {
      text = text.replacingOccurrences(of: hash.hex, with: other.hex)
    }
    return RPCResponse(status: response.status, body: Array(text.utf8))
  }
}
