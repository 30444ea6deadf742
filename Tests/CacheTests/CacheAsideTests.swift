import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Cache

@Suite("reading through a cache")
struct CacheAsideTests {
  /// A row that is loaded, with a gate before which loads wait.
  final class Row: Sendable {
    private struct State {
      var value: [UInt8]? = bytes("old")
      var loads = 0
      var isGateOpen = true
      var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var loads: Int { state.withLock(\.loads) }

    func write(_ value: [UInt8]?) { state.withLock { $0.value = value } }

    func closeGate() { state.withLock { $0.isGateOpen = false } }

    func openGate() {
      let waiting = state.withLock { state in
        state.isGateOpen = true
        defer { state.waiting = [] }
        return state.waiting
      }
      for one in waiting { one.resume() }
    }

    /// Reads the row, then takes its time to come back with it.
    func load() async -> [UInt8]? {
      let value = state.withLock { state in
        state.loads += 1
        return state.value
      }
      await withCheckedContinuation { continuation in
        let isOpen = state.withLock { state in
          if !state.isGateOpen { state.waiting.append(continuation) }
          return state.isGateOpen
        }
        if isOpen { continuation.resume() }
      }
      return value
    }
  }

  let time = ManualTime()
  let row = Row()

  private func aside() -> (CacheAside, InProcessCache, MetricsRegistry) {
    let (cache, metrics) = (InProcessCache { [time] in time.now }, MetricsRegistry())
    return (CacheAside(cache, metrics: CacheMetrics(metrics)), cache, metrics)
  }

  @Test("a value is loaded once, until it is changed or its lifetime ends")
  func loadsOnce() async throws {
    let (aside, _, metrics) = aside()
    let key = try key("row", lifetime: 1_000)
    for _ in 0..<3 { #expect(try await aside.value(for: key, load: row.load) == bytes("old")) }
    #expect(row.loads == 1)
    row.write(bytes("new"))
    await aside.invalidate([key])
    for _ in 0..<3 { #expect(try await aside.value(for: key, load: row.load) == bytes("new")) }
    #expect(row.loads == 2)
    time.advance(milliseconds: 1_000)
    #expect(try await aside.value(for: key, load: row.load) == bytes("new"))
    #expect(row.loads == 3)
    #expect(metrics.prometheusText().contains("paywatch_cache_hits_total 4\n"))
    #expect(metrics.prometheusText().contains("paywatch_cache_misses_total 3\n"))
  }

  @Test("all who ask while it's being loaded share one load")
  func singleFlight() async throws {
    let (aside, _, _) = aside()
    let key = try key("row")
    row.closeGate()
    let values = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      for _ in 0..<50 {
        group.addTask { [row] in try await aside.value(for: key, load: row.load) }
      }
      try await waitUntil { row.loads == 1 }
      row.openGate()
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(values == Array(repeating: bytes("old"), count: 50))
    #expect(row.loads == 1)
  }

  @Test("who asks after a change doesn't get what was read before it")
  func flightsEndWithChanges() async throws {
    let (aside, cache, _) = aside()
    let key = try key("row")
    row.closeGate()
    let early = Task { [row] in try await aside.value(for: key, load: row.load) }
    try await waitUntil { row.loads == 1 }
    row.write(bytes("new"))
    await aside.invalidate([key])
    let late = Task { [row] in try await aside.value(for: key, load: row.load) }
    try await waitUntil { row.loads == 2 }
    row.openGate()
    #expect(try await late.value == bytes("new"))
    #expect(try await early.value == bytes("old"), "it asked before the change")
    // Whoever of both came last, only the new row is kept.
    #expect(await cache.get(key) == bytes("new"))
  }

  @Test("what doesn't exist isn't kept, and a failure reaches who asked")
  func nothingAndFailures() async throws {
    struct Broken: Error {}
    let (aside, _, _) = aside()
    let key = try key("row")
    row.write(nil)
    #expect(try await aside.value(for: key, load: row.load) == nil)
    await #expect(throws: Broken.self) { try await aside.value(for: key, load: { throw Broken() }) }
    row.write(bytes("made"))
    #expect(try await aside.value(for: key, load: row.load) == bytes("made"))
  }

  @Test("a reader who goes away doesn't take the load from the others")
  func cancellation() async throws {
    let (aside, _, _) = aside()
    let key = try key("row")
    row.closeGate()
    let first = Task { [row] in try await aside.value(for: key, load: row.load) }
    try await waitUntil { row.loads == 1 }
    let second = Task { [row] in try await aside.value(for: key, load: row.load) }
    first.cancel()
    row.openGate()
    #expect(try await second.value == bytes("old"))
    #expect(row.loads == 1)
  }

  @Test("readers in two processes and a writer never leave an old row behind")
  func twoProcesses() async throws {
    let fixture = try await RedisFixture.shared
    let caches = [try await fixture.cache("two"), try await fixture.cache("two")]
    let asides = caches.map { CacheAside($0) }
    let key = try key("row")
    for round in 0..<50 {
      let value = bytes("round \(round)")
      await withThrowingTaskGroup(of: Void.self) { group in
        for place in 0..<8 {
          group.addTask { [row] in
            _ = try await asides[place % 2].value(for: key, load: row.load)
          }
        }
        group.addTask { [row] in
          row.write(value)
          await asides[round % 2].invalidate([key])
        }
      }
      for aside in asides {
        #expect(try await aside.value(for: key, load: row.load) == value)
      }
    }
  }
}
