internal import Synchronization

/// The cache that all processes of an installation share: Redis 7 through hiredis.
///
/// Each connection has a thread, and a key always the same connection. Redis may be gone, slow,
/// full or hostile: then this is an empty cache that answers at once.
///
/// **Deletions are never lost.** A key whose deletion Redis hasn't confirmed is read by nobody in
/// this process; after reconnecting it is deleted before anything is read. Where more keys wait
/// than are remembered, all are deleted. What no process can do is reach a Redis it can't reach:
/// others that still can may read the old value until then, or, should this process die first,
/// to the end of the value's lifetime.
package final class RedisCache: Cache {
  private let options: RedisOptions
  private let links: [RedisLink]
  private let threads: [RedisThread]

  /// Why a cache can't even begin.
  package enum StartFailure: Error, Sendable, Equatable {
    case invalidOptions(RedisOptions.Invalid)
    /// The system has no thread or descriptor left.
    case noResources
  }

  /// Doesn't wait for Redis.
  ///
  /// - Parameters:
  ///   - given: numbers out of bounds are brought within them
  ///   - onChange: gets what becomes of each connection, on its thread: must be quick
  package init(
    _ given: RedisOptions, onChange: @escaping @Sendable (RedisLinkChange) -> Void = { _ in }
  ) throws(StartFailure) {
    let options: RedisOptions
    do {
      options = try given.validated()
    } catch {
      throw .invalidOptions(error)
    }
    self.options = options
    var links: [RedisLink] = []
    var threads: [RedisThread] = []
    for _ in 0..<options.connections {
      guard let link = RedisLink(options, onChange: onChange), let thread = RedisThread(link) else {
        for link in links { link.close() }
        throw .noResources
      }
      links.append(link)
      threads.append(thread)
    }
    self.links = links
    self.threads = threads
  }

  deinit {
    for link in links { link.close() }
  }

  /// Ends the connections; what is asked from now on isn't answered. Blocks for a moment.
  package func close() {
    for link in links { link.close() }
    for thread in threads { thread.join() }
  }

  /// How many deleted keys Redis doesn't know of yet.
  package var pendingDeletions: Int { links.reduce(0) { $0 + $1.pendingDeletions } }

  package func get(_ key: CacheKey) async -> [UInt8]? {
    let name = name(key)
    guard case .success(.bytes(let stored)) = await link(name).call(.get(name), key: name) else {
      return nil
    }
    return Stored(stored).value
  }

  @discardableResult
  package func set(_ key: CacheKey, _ value: [UInt8]) async -> Bool {
    guard value.count <= CacheLimits.valueBytes else { return false }
    let name = name(key)
    let result = await link(name).call(
      .set(name, Stored.value(value).bytes, milliseconds: key.lifetimeMilliseconds), key: name)
    return result == .success(.status("OK"))
  }

  package func add(_ key: CacheKey, _ value: [UInt8]) async throws(CacheError) -> Bool {
    guard value.count <= CacheLimits.valueBytes else { throw .tooLarge(bytes: value.count) }
    let name = name(key)
    let result = await link(name).call(
      .add(name, Stored.value(value).bytes, milliseconds: key.lifetimeMilliseconds), key: name)
    switch result {
    case .success(.status): return true
    case .success(.nothing): return false
    default: throw Self.error(result)
    }
  }

  package func delete(_ keys: [CacheKey]) async {
    let groups = Dictionary(grouping: keys.map(name)) { place($0) }
    await withTaskGroup(of: Void.self) { group in
      for (place, names) in groups {
        for start in stride(from: 0, to: names.count, by: Self.deletionBatch) {
          let batch = Array(names[start..<min(names.count, start + Self.deletionBatch)])
          group.addTask { [links] in await links[place].delete(batch) }
        }
      }
    }
  }

  package func lookup(_ key: CacheKey) async -> CacheLookup {
    let name = name(key)
    let link = link(name)
    switch await link.call(.get(name), key: name) {
    case .success(.bytes(let stored)): return Stored(stored).value.map(CacheLookup.value) ?? .miss
    case .success(.nothing): break
    default: return .miss
    }
    let token = Self.newToken()
    let command = RedisCommand.addOrGet(
      name, Stored.lease(token).bytes, milliseconds: CacheLease.lifetimeMilliseconds)
    switch await link.call(command, key: name) {
    case .success(.nothing): return .lease(CacheLease(token: token))
    // Filled, or leased to another, since the first question.
    case .success(.bytes(let stored)): return Stored(stored).value.map(CacheLookup.value) ?? .miss
    default: return .miss
    }
  }

  @discardableResult
  package func fill(_ key: CacheKey, _ value: [UInt8], _ lease: CacheLease) async -> Bool {
    guard value.count <= CacheLimits.valueBytes else { return false }
    let name = name(key)
    let command = RedisCommand.replace(
      name, Stored.lease(lease.token).bytes, with: Stored.value(value).bytes,
      milliseconds: key.lifetimeMilliseconds)
    return await link(name).call(command, key: name) == .success(.integer(1))
  }

  package func take(
    _ key: CacheKey, from bucket: TokenBucket
  ) async throws(CacheError) -> TokenBucket.Outcome {
    // Not among the values: a sweep of those doesn't fill the buckets.
    let name = options.prefix + ":b:" + key.text
    let result = await link(name).call(.take(name, from: bucket))
    switch result {
    case .success(.integer(0)): return .taken
    case .success(.integer(let excess)) where excess > 0: return .empty(forMicroseconds: excess)
    default: throw Self.error(result)
    }
  }

  package func ping() async throws(CacheError) {
    for link in links {
      let result = await link.call(.ping)
      guard result == .success(.status("PONG")) else { throw Self.error(result) }
    }
  }

  static func valuePrefix(_ options: RedisOptions) -> String { options.prefix + ":v:" }

  private static let deletionBatch = 500

  private func name(_ key: CacheKey) -> String { Self.valuePrefix(options) + key.text }

  private func link(_ name: String) -> RedisLink { links[place(name)] }

  /// A process may hash as it likes: only its own connections are meant.
  private func place(_ name: String) -> Int {
    Int(UInt(bitPattern: name.hashValue) % UInt(links.count))
  }

  private static func newToken() -> [UInt8] {
    let words = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)]
    return words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  }

  private static func error(_ result: Result<RedisReply, CacheError>) -> CacheError {
    switch result {
    case .failure(let error): error
    case .success(.error(let text)): .refused(text)
    case .success: .refused("an answer of another kind")
    }
  }
}

/// What stands under a key in Redis: a letter, then a value's bytes or a lease's token.
private enum Stored {
  case value([UInt8])
  case lease([UInt8])
  /// Written by someone else.
  case foreign

  init(_ bytes: [UInt8]) {
    switch bytes.first {
    case UInt8(ascii: "V"): self = .value(Array(bytes.dropFirst()))
    case UInt8(ascii: "L"): self = .lease(Array(bytes.dropFirst()))
    default: self = .foreign
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .value(let value): [UInt8(ascii: "V")] + value
    case .lease(let token): [UInt8(ascii: "L")] + token
    case .foreign: []
    }
  }

  var value: [UInt8]? {
    guard case .value(let value) = self else { return nil }
    return value
  }
}
