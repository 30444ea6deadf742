import Foundation
import TestSupport
import Testing

@testable import Cache

/// Servers that answer what no Redis would, and what a connection's thread does with its load.
@Suite("a cache and what a connection may bring", .serialized)
struct HostileRedisTests {
  private func options(_ server: ScriptedServer) -> RedisOptions {
    var options = RedisOptions(host: "127.0.0.1", port: server.port)
    options.connections = 1
    options.commandMilliseconds = 2_000
    options.shortestPauseMilliseconds = 1
    options.longestPauseMilliseconds = 5
    return options
  }

  /// This process's memory in bytes.
  private static func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0) * 4_096
  }

  static let answers: [(String, [UInt8])] = [
    ("garbage", [0xff, 0x00, 0x0d, 0x0a, 0x2a]),
    ("HTTP", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
    ("a bulk of negative length", Array("$-7\r\n".utf8)),
    ("a bulk of impossible length", Array("$99999999999999999999\r\n".utf8)),
    ("an array of two thousand million", Array("*2147483647\r\n".utf8)),
    ("an array beyond any number", Array("*99999999999999999999\r\n".utf8)),
    ("arrays in arrays", Array(String(repeating: "*1\r\n", count: 50).utf8)),
    ("wide arrays in arrays", Array("*1000\r\n*65536\r\n*65536\r\n".utf8)),
    ("a number that is none", Array(":12x\r\n".utf8)),
    ("a number beyond 64 bits", Array(":99999999999999999999\r\n".utf8)),
    ("two replies for one command", Array("$-1\r\n$-1\r\n:1\r\n".utf8)),
    ("a bulk without its end", Array("$3\r\nabcXX:1\r\n".utf8)),
    ("a reply of another kind", Array(":5\r\n".utf8)),
    ("an array where bytes belong", Array("*2\r\n:1\r\n$1\r\nV\r\n".utf8)),
    ("an error", Array("-ERR \u{1b}[31m no\r\n".utf8)),
    ("a value of someone else's", Array("$5\r\nhello\r\n".utf8)),
    ("an empty value", Array("$0\r\n\r\n".utf8)),
  ]

  @Test("whatever is answered is a miss", arguments: answers.map(\.0))
  func hostileAnswers(_ name: String) async throws {
    let answer = try #require(Self.answers.first { $0.0 == name }?.1)
    let server = try ScriptedServer { _ in [.say(answer)] }
    defer { server.close() }
    let cache = try RedisCache(options(server))
    let key = try key("row")
    // The connection may break at each of these; the cache takes another then.
    for _ in 0..<5 {
      #expect(await cache.get(key) == nil)
      #expect(await cache.lookup(key) == .miss || name.contains("two replies"))
      await cache.delete([key])
    }
    try await waitUntil { server.connections > 0 }
    for _ in 0..<20 { #expect(await cache.get(key) == nil) }
    cache.close()
  }

  @Test("a value without end is given up in bounded memory")
  func endless() async throws {
    let chunk = [UInt8](repeating: 65, count: 1 << 16)
    let server = try ScriptedServer { _ in
      [.say(Array("$2000000000\r\n".utf8)), .repeatForever(chunk)]
    }
    defer { server.close() }
    let cache = try RedisCache(options(server))
    let key = try key("row")
    let before = Self.residentBytes()
    for round in 1...10 {
      // Asked again and again: while the connection isn't there, nothing is sent.
      try await waitUntil {
        #expect(await cache.get(key) == nil)
        return server.reads.count >= round
      }
    }
    #expect(Self.residentBytes() - before < 64 << 20)
    cache.close()
  }

  @Test("a reply that drips in doesn't outlast its command's time")
  func dripping() async throws {
    let server = try ScriptedServer { _ in [.say(Array("$10\r\nV".utf8)), .silence] }
    defer { server.close() }
    var options = options(server)
    options.commandMilliseconds = 200
    let cache = try RedisCache(options)
    try await waitUntil { server.connections >= 1 }
    // Not refused, so it was sent.
    try await waitUntil { await RedisFixture.failure(cache) == .timedOut }
    cache.close()
  }

  @Test("a connection that is always hung up on is taken again in pauses, not at once")
  func hangUps() async throws {
    let server = try ScriptedServer { _ in [.hangUp] }
    defer { server.close() }
    var options = options(server)
    options.shortestPauseMilliseconds = 20
    options.longestPauseMilliseconds = 40
    let cache = try RedisCache(options)
    let start = ContinuousClock.now
    try await waitUntil {
      _ = try? await cache.ping()
      return server.connections >= 5
    }
    #expect(start.duration(to: .now) >= .milliseconds(20 + 40 + 40))
    cache.close()
  }

  @Test("what many tasks ask at once goes out in few writes")
  func pipelining() async throws {
    // Answers each command of what came with "nothing".
    let server = try ScriptedServer { bytes in
      let count = bytes.count { $0 == UInt8(ascii: "*") }
      return [.say(Array(String(repeating: "$-1\r\n", count: count).utf8))]
    }
    defer { server.close() }
    let cache = try RedisCache(options(server))
    let key = try key("row")
    try await waitUntil { await cache.lookup(key) != .miss }
    let before = server.reads.count
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2_000 { group.addTask { #expect(await cache.get(key) == nil) } }
    }
    #expect(server.reads.count - before < 1_000, "\(server.reads.count - before) reads")
    cache.close()
  }

  @Test("what waits for a connection is bounded; the rest is told at once")
  func boundedQueue() async throws {
    let server = try ScriptedServer { _ in [.silence] }
    defer { server.close() }
    var options = options(server)
    options.queueLimit = 10
    options.commandMilliseconds = 1_000
    options.connectMilliseconds = 60_000
    let cache = try RedisCache(options)
    try await waitUntil { server.connections >= 1 }
    let errors = await withTaskGroup(of: CacheError?.self) { group -> [CacheError] in
      for _ in 0..<100 {
        group.addTask {
          while true {
            let failure = await RedisFixture.failure(cache)
            // It hasn't come up.
            if case .unavailable(let reason) = failure, reason.contains("yet") {
              await Task.yield()
              continue
            }
            return failure
          }
        }
      }
      var errors: [CacheError] = []
      for await error in group { if let error { errors.append(error) } }
      return errors
    }
    #expect(errors.count { $0 == .timedOut } == 10)
    #expect(errors.count { $0 != .timedOut } == 90)
    #expect(errors.contains(.overloaded))
    cache.close()
  }
}
