package import ChainTypes
internal import Synchronization

/// The cache of a process that needs no Redis: bounded memory behind a lock.
package final class InProcessCache: Cache {
  private let uptime: @Sendable () -> Timestamp
  private let state: Mutex<State>

  private enum Content: Sendable {
    case value([UInt8])
    case lease(UInt64)
  }

  private struct State {
    var contents: GenerationalStore<Content>
    /// When buckets will be full. Apart from the rest, so that no flood of values empties them.
    var buckets: GenerationalStore<Int64>
    var nextLease: UInt64 = 0
  }

  /// - Parameter uptime: a clock that never goes back
  package init(
    byteLimit: Int = 64 << 20, entryLimit: Int = 200_000,
    uptime: @escaping @Sendable () -> Timestamp
  ) {
    self.uptime = uptime
    state = Mutex(
      State(
        contents: GenerationalStore(byteLimit: byteLimit, entryLimit: entryLimit),
        buckets: GenerationalStore(byteLimit: byteLimit / 8, entryLimit: entryLimit)))
  }

  /// Of values and leases.
  package var entryCount: Int { state.withLock { $0.contents.count } }
  package var bytes: Int { state.withLock { $0.contents.bytes } }

  package func get(_ key: CacheKey) async -> [UInt8]? {
    let now = uptime().microseconds
    guard
      case .value(let value) = state.withLock({
        $0.contents.get(key.text, nowMicroseconds: now)
      })
    else { return nil }
    return value
  }

  @discardableResult
  package func set(_ key: CacheKey, _ value: [UInt8]) async -> Bool {
    let now = uptime().microseconds
    return state.withLock { Self.store(key, value, now, in: &$0) }
  }

  package func add(_ key: CacheKey, _ value: [UInt8]) async throws(CacheError) -> Bool {
    guard value.count <= CacheLimits.valueBytes else { throw .tooLarge(bytes: value.count) }
    let now = uptime().microseconds
    return state.withLock { state in
      guard state.contents.get(key.text, nowMicroseconds: now) == nil else { return false }
      return Self.store(key, value, now, in: &state)
    }
  }

  package func delete(_ keys: [CacheKey]) async {
    state.withLock { state in
      for key in keys { state.contents.remove(key.text) }
    }
  }

  package func lookup(_ key: CacheKey) async -> CacheLookup {
    let now = uptime().microseconds
    return state.withLock { state in
      switch state.contents.get(key.text, nowMicroseconds: now) {
      case .value(let value): return .value(value)
      case .lease: return .miss
      case nil:
        state.nextLease += 1
        let number = state.nextLease
        let isStored = state.contents.put(
          key.text, .lease(number), bytes: 8,
          expiresAtMicroseconds: now + CacheLease.lifetimeMilliseconds * 1_000)
        guard isStored else { return .miss }
        return .lease(CacheLease(token: Self.token(number)))
      }
    }
  }

  @discardableResult
  package func fill(_ key: CacheKey, _ value: [UInt8], _ lease: CacheLease) async -> Bool {
    let now = uptime().microseconds
    return state.withLock { state in
      guard
        case .lease(let number) = state.contents.get(key.text, nowMicroseconds: now),
        Self.token(number) == lease.token
      else { return false }
      return Self.store(key, value, now, in: &state)
    }
  }

  package func take(
    _ key: CacheKey, from bucket: TokenBucket
  ) async throws(CacheError) -> TokenBucket.Outcome {
    let now = uptime().microseconds
    return state.withLock { state in
      var fullAt = state.buckets.get(key.text, nowMicroseconds: now)
      let outcome = bucket.take(fullAt: &fullAt, nowMicroseconds: now)
      if outcome == .taken, let fullAt {
        _ = state.buckets.put(key.text, fullAt, bytes: 8, expiresAtMicroseconds: fullAt)
      }
      return outcome
    }
  }

  package func ping() async throws(CacheError) {}

  private static func token(_ number: UInt64) -> [UInt8] { Array(String(number).utf8) }

  private static func store(
    _ key: CacheKey, _ value: [UInt8], _ now: Int64, in state: inout State
  ) -> Bool {
    guard value.count <= CacheLimits.valueBytes else { return false }
    return state.contents.put(
      key.text, .value(value), bytes: value.count,
      expiresAtMicroseconds: now + key.lifetimeMilliseconds * 1_000)
  }
}
