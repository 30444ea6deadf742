internal import HTTPTypes
internal import Synchronization
internal import Telemetry

/// The metrics of requests by route, method and status: each asked of the registry once, then only
/// counted.
final class RequestMetrics: Sendable {
  private let registry: MetricsRegistry
  private let known = Mutex<[Key: Series]>([:])

  // Routes, known methods and statuses are few.
  private struct Key: Hashable {
    let route: String
    let method: String
    let status: Int
  }

  private struct Series {
    let count: Counter
    let milliseconds: Histogram
  }

  init(_ registry: MetricsRegistry) { self.registry = registry }

  func record(route: String, method: HTTPRequest.Method, status: Int, milliseconds: UInt64) {
    let key = Key(route: route, method: Self.label(method), status: status)
    let series = known.withLock { known in
      if let series = known[key] { return series }
      let series = make(key)
      known[key] = series
      return series
    }
    series.count.add()
    series.milliseconds.record(milliseconds)
  }

  private func make(_ key: Key) -> Series {
    Series(
      count: registry.counter(.httpRequests, key.route, key.method, String(key.status)),
      milliseconds: registry.histogram(.httpRequestMilliseconds, key.route))
  }

  /// Clients may invent methods; metrics must stay few.
  private static func label(_ method: HTTPRequest.Method) -> String {
    let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
    return known.contains(method) ? method.rawValue : "other"
  }
}
