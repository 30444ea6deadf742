package import Telemetry

/// What is counted of a cache.
package struct CacheMetrics: Sendable {
  let hits: Counter
  let misses: Counter

  package init(_ registry: MetricsRegistry) {
    hits = registry.counter("paywatch_cache_hits_total", help: "Reads that the cache answered.")
    misses = registry.counter(
      "paywatch_cache_misses_total", help: "Reads that the database had to answer.")
  }
}
