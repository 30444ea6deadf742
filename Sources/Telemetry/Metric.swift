/// A metric as it is declared, once for the code that records it and the document that tells of
/// it: `MetricCatalog.all` is what `/metrics` may hold, and `deploy/metrics.md` lists the same.
package struct Metric: Sendable, Equatable {
  package let name: String
  package let kind: Kind
  /// The names of the labels that tell its series apart, in the order of their values.
  package let labels: [String]
  package let help: String

  package enum Kind: Sendable, Equatable {
    case counter
    case gauge
    /// With the upper bounds of its buckets.
    case histogram(bounds: [UInt64])

    package var name: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      }
    }
  }

  package init(_ name: String, _ kind: Kind, labels: [String] = [], help: String) {
    self.name = name
    self.kind = kind
    self.labels = labels
    self.help = help
  }

  func labels(_ values: [String]) -> [MetricLabel] {
    precondition(values.count == labels.count, "\(name) has the labels \(labels)")
    return zip(labels, values).map { MetricLabel($0, $1) }
  }
}

extension MetricsRegistry {
  package func counter(_ metric: Metric, _ values: String...) -> Counter {
    counter(metric.name, metric.labels(values), help: metric.help)
  }

  package func gauge(_ metric: Metric, _ values: String...) -> Gauge {
    gauge(metric.name, metric.labels(values), help: metric.help)
  }

  package func histogram(_ metric: Metric, _ values: String...) -> Histogram {
    guard case .histogram(let bounds) = metric.kind else {
      preconditionFailure("\(metric.name) is a \(metric.kind.name)")
    }
    return histogram(metric.name, metric.labels(values), bounds: bounds, help: metric.help)
  }
}
