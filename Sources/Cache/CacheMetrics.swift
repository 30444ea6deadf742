package import Telemetry

/// What is counted of a cache.
package struct CacheMetrics: Sendable {
  let hits: Counter
  let misses: Counter

  package init(_ registry: MetricsRegistry) {
    hits = registry.counter(.cacheHits)
    misses = registry.counter(.cacheMisses)
  }
}
