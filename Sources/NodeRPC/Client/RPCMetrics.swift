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
    let labels = [MetricLabel("node", node), MetricLabel("method", method)]
    registry.counter(
      "paywatch_rpc_calls_total", labels + [MetricLabel("outcome", Self.name(error))],
      help: "Calls to a node by method and outcome."
    ).add()
    registry.histogram(
      "paywatch_rpc_milliseconds", labels, help: "Time until a call's outcome, with retries."
    ).record(UInt64(max(0, milliseconds)))
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
