internal import Synchronization

/// What tells the series of one metric apart: `node="eu-1"`.
package struct MetricLabel: Hashable, Sendable, Comparable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  package static func < (a: MetricLabel, b: MetricLabel) -> Bool {
    (a.name, a.value) < (b.name, b.value)
  }
}

/// All metrics of a process. Asking for the same name and labels gives the same metric, which its
/// user keeps; recording then takes no lock.
package final class MetricsRegistry: Sendable {
  private let families = Mutex<[String: Family]>([:])

  private struct Family {
    let help: String
    var series: [[MetricLabel]: Series] = [:]
  }

  private enum Series {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)

    var typeName: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .histogram: "histogram"
      }
    }
  }

  package init() {}

  package func counter(_ name: String, _ labels: [MetricLabel] = [], help: String) -> Counter {
    let series = series(name, labels, help: help) { .counter(Counter()) }
    guard case .counter(let counter) = series else {
      preconditionFailure("\(name) is a \(series.typeName)")
    }
    return counter
  }

  package func gauge(_ name: String, _ labels: [MetricLabel] = [], help: String) -> Gauge {
    let series = series(name, labels, help: help) { .gauge(Gauge()) }
    guard case .gauge(let gauge) = series else {
      preconditionFailure("\(name) is a \(series.typeName)")
    }
    return gauge
  }

  package func histogram(
    _ name: String, _ labels: [MetricLabel] = [], bounds: [UInt64] = Histogram.latencyBounds,
    help: String
  ) -> Histogram {
    let series = series(name, labels, help: help) { .histogram(Histogram(bounds: bounds)) }
    guard case .histogram(let histogram) = series else {
      preconditionFailure("\(name) is a \(series.typeName)")
    }
    return histogram
  }

  /// All metrics in Prometheus' text format 0.0.4, sorted by name and labels.
  package func prometheusText() -> String {
    let families = families.withLock { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      guard let typeName = family.series.first?.value.typeName else { continue }
      text += "# HELP \(name) \(Self.escaped(family.help))\n# TYPE \(name) \(typeName)\n"
      let series = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      for (labels, one) in series { text += Self.lines(name, labels, one) }
    }
    return text
  }

  private func series(
    _ name: String, _ labels: [MetricLabel], help: String, make: () -> Series
  ) -> Series {
    let labels = labels.sorted()
    return families.withLock { families in
      if let series = families[name]?.series[labels] { return series }
      var family = families[name] ?? Family(help: help)
      let series = family.series[labels] ?? make()
      if let other = family.series.first?.value {
        precondition(other.typeName == series.typeName, "\(name) is a \(other.typeName)")
      }
      family.series[labels] = series
      families[name] = family
      return series
    }
  }

  private static func lines(
    _ name: String, _ labels: [MetricLabel], _ series: Series
  ) -> String {
    switch series {
    case .counter(let counter): return "\(name)\(braced(labels)) \(counter.value)\n"
    case .gauge(let gauge): return "\(name)\(braced(labels)) \(gauge.value)\n"
    case .histogram(let histogram):
      var text = ""
      var cumulative: UInt64 = 0
      let bounds = histogram.bounds.map(String.init) + ["+Inf"]
      // There are hundreds of series with dozens of lines each, which differ in their bounds alone.
      let (braces, own) = (braced(labels), labels.map(pair).joined(separator: ","))
      let beginning = "\(name)_bucket{\(own)\(own.isEmpty ? "" : ",")le=\""
      for (bound, count) in zip(bounds, histogram.counts) {
        cumulative &+= count
        text += beginning
        text += bound
        text += "\"} "
        text += String(cumulative)
        text += "\n"
      }
      text += "\(name)_sum\(braces) \(histogram.sum)\n"
      text += "\(name)_count\(braces) \(cumulative)\n"
      return text
    }
  }

  private static func braced(_ labels: [MetricLabel]) -> String {
    labels.isEmpty ? "" : "{\(labels.map(pair).joined(separator: ","))}"
  }

  private static func pair(_ label: MetricLabel) -> String {
    var value = escaped(label.value)
    if value.utf8.contains(UInt8(ascii: "\"")) {
      value = value.replacing("\"", with: "\\\"")
    }
    return "\(label.name)=\"\(value)\""
  }

  private static func escaped(_ text: String) -> String {
    let isPlain = !text.utf8.contains { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") }
    return isPlain
      ? text : text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
  }
}
