package import ChainSim
package import NodeRPC
internal import Synchronization

/// The way from the process to one node, in process: it can be cut, and the process can die on it.
package final class NodeLink<Node: SimulatedNode>: RPCTransport {
  /// Among all nodes of the world.
  package let place: Int
  package let node: Node
  private let killSwitch: KillSwitch
  private let cut = Mutex(false)
  private let observer = Mutex<(@Sendable (_ body: [UInt8]) -> Void)?>(nil)

  init(place: Int, node: Node, killSwitch: KillSwitch) {
    self.place = place
    self.node = node
    self.killSwitch = killSwitch
  }

  package var isCut: Bool {
    get { cut.withLock { $0 } }
    set { cut.withLock { $0 = newValue } }
  }

  /// Calls `body` with each request before the node has it, so that something can happen between
  /// two of them.
  package func onRequest(_ body: (@Sendable (_ body: [UInt8]) -> Void)?) {
    observer.withLock { $0 = body }
  }

  package func post(
    _ body: [UInt8], timeoutMilliseconds: Int, maximumBytes: Int
  ) async throws -> RPCResponse {
    // Whatever a client makes of this error: the store of a dead process does nothing any more.
    try killSwitch.passCall(to: place)
    guard !isCut else { throw TransportError.connectionFailed("no route to the node") }
    observer.withLock { $0 }?(body)
    return try await node.post(
      body, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: maximumBytes)
  }
}
