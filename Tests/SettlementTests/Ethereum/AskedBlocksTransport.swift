import Bytes
import ChainSim
import Foundation
import NodeRPC
import Synchronization

/// A node that remembers how often it was asked for each block with its transactions.
final class AskedBlocksTransport: RPCTransport {
  private let node: SimulatedEthereumNode
  private let state = Mutex(State())

  private struct State {
    var counts: [String: Int] = [:]
    var waiting: [String: CheckedContinuation<Void, Never>] = [:]
  }

  init(_ node: SimulatedEthereumNode) { self.node = node }

  /// How often each block was asked for.
  var counts: [Int] { state.withLock { Array($0.counts.values) } }

  /// Waits until the block is asked for.
  func isAsked(for block: Hash32) async {
    await withCheckedContinuation { continuation in
      let isAsked = state.withLock {
        guard $0.counts[block.hex] == nil else { return true }
        $0.waiting[block.hex] = continuation
        return false
      }
      if isAsked { continuation.resume() }
    }
  }

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let text = String(decoding: body, as: UTF8.self)
    if text.contains("eth_getBlockByHash"), text.contains("true"),
      let start = text.range(of: "\"0x")?.upperBound
    {
      let hash = String(text[start...].prefix(64))
      let waiting = state.withLock {
        $0.counts[hash, default: 0] += 1
        return $0.waiting.removeValue(forKey: hash)
      }
      waiting?.resume()
    }
    return try await node.post(
      body, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: maximumBytes)
  }
}
