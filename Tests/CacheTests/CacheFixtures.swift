import ChainTypes
import LocalServers
import Synchronization
import TestSupport
import Testing

@testable import Cache

/// A clock that tests move.
final class ManualTime: Sendable {
  private let microseconds = Mutex<Int64>(1_000_000_000)

  var now: Timestamp { Timestamp(microseconds: microseconds.withLock { $0 }) }

  func advance(milliseconds: Int64) { microseconds.withLock { $0 += milliseconds * 1_000 } }
}

/// A Redis server, and caches on it that can be reached.
struct RedisFixture {
  let server: RedisServer
  private let directory: ScratchDirectory

  init(settings: [String] = []) async throws {
    directory = try ScratchDirectory()
    server = try await RedisServer.start(directory: directory.path, settings: settings)
  }

  /// One server for the tests that don't disturb it.
  static var shared: RedisFixture {
    get async throws { try await sharedStart.value }
  }

  private static let sharedStart = Task { try await RedisFixture() }

  /// Times that a busy machine keeps, unless a test wants to see them pass.
  func options(_ prefix: String) -> RedisOptions {
    var options = RedisOptions(host: "127.0.0.1", port: server.port)
    options.prefix = prefix
    options.commandMilliseconds = 30_000
    options.connectMilliseconds = 30_000
    options.shortestPauseMilliseconds = 5
    options.longestPauseMilliseconds = 50
    return options
  }

  func cache(_ prefix: String) async throws -> RedisCache {
    try await Self.reachable(RedisCache(options(prefix)))
  }

  static func reachable(_ cache: RedisCache) async throws -> RedisCache {
    try await waitForAnswers(cache)
    return cache
  }

  /// Waits until Redis can be asked.
  static func waitForAnswers(_ cache: RedisCache) async throws {
    try await waitUntil("Redis answers") { await isReachable(cache) }
  }

  static func isReachable(_ cache: RedisCache) async -> Bool { await failure(cache) == nil }

  /// Why the cache can't be asked; nil where it can.
  static func failure(_ cache: RedisCache) async -> CacheError? {
    do throws(CacheError) {
      try await cache.ping()
      return nil
    } catch {
      return error
    }
  }
}

func key(_ words: String..., lifetime: Int64 = 3_600_000) throws -> CacheKey {
  try CacheKey(["test"] + words, lifetimeMilliseconds: lifetime)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
