internal import Synchronization
internal import Telemetry

/// Reads through a cache: what isn't there is loaded, once for all who ask at the same time.
package final class CacheAside: Sendable {
  private let cache: any Cache
  private let metrics: CacheMetrics?
  private let state = Mutex(State())

  private struct State {
    var nextFlight: UInt64 = 0
    var flights: [CacheKey: Flight] = [:]
  }

  private struct Flight {
    let number: UInt64
    let task: Task<[UInt8]?, any Error>
  }

  package init(_ cache: any Cache, metrics: CacheMetrics? = nil) {
    self.cache = cache
    self.metrics = metrics
  }

  /// What a load gives.
  package struct Loaded: Sendable {
    let value: [UInt8]?
    let isLasting: Bool

    /// - Parameter isLasting: false for what is true only now, and changes without anyone's commit
    package init(_ value: [UInt8]?, isLasting: Bool = true) {
      self.value = value
      self.isLasting = isLasting
    }
  }

  /// The cached value, or what `load` gives, which is then cached; nil is what `load` says of
  /// something that doesn't exist, and isn't.
  ///
  /// `load` must see every commit that precedes its call. It may run in another caller's stead,
  /// and goes on where this one is cancelled.
  package func value(
    for key: CacheKey, load: @escaping @Sendable () async throws -> [UInt8]?
  ) async throws -> [UInt8]? {
    try await value(for: key) { Loaded(try await load()) }
  }

  /// The same, where what was loaded may be true only now.
  package func value(
    for key: CacheKey, loading load: @escaping @Sendable () async throws -> Loaded
  ) async throws -> [UInt8]? {
    let task = state.withLock { state in
      if let flight = state.flights[key] { return flight.task }
      state.nextFlight += 1
      let number = state.nextFlight
      let task = Task { [self] in
        defer { land(key, number) }
        return try await readThrough(key, load)
      }
      state.flights[key] = Flight(number: number, task: task)
      return task
    }
    return try await task.value
  }

  /// To be called after the commit that changed what stands under the keys: whoever asks after
  /// its return, in this process, gets what that commit or a later one left.
  ///
  /// Other processes do as soon as Redis has deleted the keys; while it can't be reached, by the
  /// end of the keys' lifetimes at the latest.
  package func invalidate(_ keys: [CacheKey]) async {
    await cache.delete(keys)
    // After the deletion: a load that began before may give what it read only to those who asked
    // before.
    state.withLock { state in
      for key in keys { state.flights.removeValue(forKey: key) }
    }
  }

  private func land(_ key: CacheKey, _ number: UInt64) {
    state.withLock { state in
      if state.flights[key]?.number == number { state.flights.removeValue(forKey: key) }
    }
  }

  private func readThrough(
    _ key: CacheKey, _ load: @Sendable () async throws -> Loaded
  ) async throws -> [UInt8]? {
    switch await cache.lookup(key) {
    case .value(let value):
      metrics?.hits.add()
      return value
    case .lease(let lease):
      metrics?.misses.add()
      let loaded = try await load()
      if loaded.isLasting, let value = loaded.value { await cache.fill(key, value, lease) }
      return loaded.value
    case .miss:
      metrics?.misses.add()
      return try await load().value
    }
  }
}

extension Optional<CacheAside> {
  /// As `value(for:loading:)`; without a cache, or a key that one takes, everything is loaded.
  package func value(
    for key: CacheKey?, loading load: @escaping @Sendable () async throws -> CacheAside.Loaded
  ) async throws -> [UInt8]? {
    guard let self, let key else { return try await load().value }
    return try await self.value(for: key, loading: load)
  }
}
