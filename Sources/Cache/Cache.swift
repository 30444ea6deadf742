/// Bytes under keys for a time, in this process or in Redis: never the truth, only a shorter way
/// to it.
///
/// Whoever has no answer after its deadline, or no Redis, gets what an empty cache would say. Only
/// where that could be wrong (`add`, `take`) a failure is thrown.
///
/// **What is read through the cache can't be stale for long.** A reader who misses gets a lease,
/// reads the truth, and `fill`s the key if the lease still stands. A writer deletes the key after
/// its commit, and with it the lease: a reader who read the old row can't store it any more,
/// however late it comes, and no clock takes part in that. (A tombstone with a short life would,
/// and a process that was stopped for longer would bring the old row back.)
package protocol Cache: Sendable {
  /// The value; nil where there is none or nobody answers.
  func get(_ key: CacheKey) async -> [UInt8]?

  /// Stores a value for the key's lifetime, whatever is there. For what nobody deletes: who reads
  /// through takes `lookup` and `fill`. False where it isn't stored.
  @discardableResult
  func set(_ key: CacheKey, _ value: [UInt8]) async -> Bool

  /// Stores a value for the key's lifetime where there is none; false where there is one.
  func add(_ key: CacheKey, _ value: [UInt8]) async throws(CacheError) -> Bool

  /// Deletes the keys with their leases. On return, or as soon as they were handed in where nobody
  /// answers, no read of this cache gives what was there.
  func delete(_ keys: [CacheKey]) async

  /// The value, or else the right to fill the key, or neither.
  func lookup(_ key: CacheKey) async -> CacheLookup

  /// Stores a value for the key's lifetime if the lease still stands.
  @discardableResult
  func fill(_ key: CacheKey, _ value: [UInt8], _ lease: CacheLease) async -> Bool

  /// Takes a token of the bucket `key`; see `TokenBucket`.
  func take(_ key: CacheKey, from bucket: TokenBucket) async throws(CacheError)
    -> TokenBucket.Outcome

  /// Whether the cache answers now.
  func ping() async throws(CacheError)
}

/// What a reader finds.
package enum CacheLookup: Sendable, Equatable {
  case value([UInt8])
  /// There is none, and this reader may fill it.
  case lease(CacheLease)
  /// There is none, and another fills it, or nobody answers.
  case miss
}

/// The right to fill a key, until the key is deleted or `lifetime` has passed.
package struct CacheLease: Sendable, Equatable {
  /// Never given twice.
  let token: [UInt8]

  /// A reader that died holds up the filling of a key for that long.
  static let lifetimeMilliseconds: Int64 = 10_000
}

/// Why a cache gave no answer.
package enum CacheError: Error, Sendable, Equatable {
  /// There is no connection now; the reason is for operators.
  case unavailable(String)
  case timedOut
  /// More waits already than may.
  case overloaded
  /// Redis answered with an error.
  case refused(String)
  /// A key of no or too many bytes.
  case invalidKey(bytes: Int)
  /// A value of too many bytes.
  case tooLarge(bytes: Int)
  case closed
}

/// What all caches bound.
package enum CacheLimits {
  package static let keyBytes = 512
  package static let valueBytes = 1 << 20
}
