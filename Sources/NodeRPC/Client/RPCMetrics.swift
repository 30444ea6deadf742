package import Telemetry

/// Counts one node's calls by method and outcome, and how long they took, retries included.
package struct RPCMetrics: Sendable {
  private let registry: MetricsRegistry
  private let node: String

  package init(_ registry: MetricsRegistry, node: String) {
    self.registry = registry
    self.node = node
  }

  func record(_ method: String, _ error: RPCError?, milliseconds: Int64) {
    registry.counter(.rpcCalls, node, method, Self.name(error)).add()
    registry.histogram(.rpcMilliseconds, node, method).record(UInt64(max(0, milliseconds)))
  }

  private static func name(_ error: RPCError?) -> String {
    switch error {
    case nil: "ok"
    case .node: "node_error"
    case .warmingUp: "warming_up"
    case .overloaded: "overloaded"
    case .unauthorized: "unauthorized"
    case .transport(.timedOut): "timed_out"
    case .transport(.cancelled): "cancelled"
    case .transport: "no_answer"
    case .malformed, .incompleteBatch: "malformed"
    case .circuitOpen: "circuit_open"
    }
  }
}
