import Bytes
import ChainSim
import Foundation
import NodeRPC
import Synchronization

/// A node that traces some blocks and runs out of time with others.
final class UntraceableTransport: RPCTransport {
  private let node: SimulatedEthereumNode
  private let untraceable = Mutex<Set<Hash32>>([])

  init(_ node: SimulatedEthereumNode) { self.node = node }

  func refuseTraces(of block: Hash32) { _ = untraceable.withLock { $0.insert(block) } }

  func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    let text = String(decoding: body, as: UTF8.self)
    if text.contains("debug_traceBlockByHash"),
      untraceable.withLock({ $0.contains { text.contains($0.hex) } })
    {
      throw TransportError.timedOut
    }
    return try await node.post(
      body, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: maximumBytes)
  }
}
