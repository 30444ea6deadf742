internal import Bytes
internal import ChainTracking

/// Look-ups among many watched scripts, and what those take.
enum WatchSetSuite: Suite {
  private static let miss = "watch set, look-up of unwatched scripts, cold"
  private static let hit = "watch set, look-up of watched scripts, cold"
  private static let warm = "watch set, look-up of unwatched scripts, warm"
  private static let overhead = "watch set, bytes beside a script's own"
  private static let resident = "watch set, resident bytes beside a script's own"

  static let names = [miss, hit, warm, overhead, resident]

  static func contests(named names: Set<String>, _ materials: Materials) throws -> [Contest] {
    let large = materials.watched
    let count = materials.settings.repetitions(1_000_000)
    var contests: [Contest] = []
    // As much memory as the set has.
    let words = [UInt64](unsafeUninitializedCapacity: max(1, large.set.residentBytes / 8)) {
      buffer, initialized in
      for index in buffer.indices { buffer[index] = UInt64(index) }
      initialized = buffer.count
    }
    if names.contains(miss) {
      contests.append(
        Contest(
          name: miss, unit: "M/s",
          ours: { try freshLookUps(in: large, count, found: 0) { unwatched(count, seed: $0) } },
          references: [reads(words, count, goal: .atLeast(15, "M/s"))]))
    }
    if names.contains(hit) {
      contests.append(
        Contest(
          name: hit, unit: "M/s",
          ours: { try freshLookUps(in: large, count, found: count) { _ in watched(large, count) } },
          references: [reads(words, count, goal: .atLeast(15, "M/s"))]))
    }
    if names.contains(warm) {
      contests.append(
        Contest(
          name: warm, unit: "M/s",
          ours: { try lookUps(unwatched(500, seed: 2), in: large.set, count, found: 0) },
          references: [reads(Array(words.prefix(4_096)), count, goal: nil)]))
    }
    contests += sizes(named: names, large)
    return contests
  }

  private static func sizes(named names: Set<String>, _ large: LargeWatchSet) -> [Contest] {
    let count = Double(large.set.count)
    let own = Double(large.scriptBytes) / count
    let script = { (goal: Goal?) in
      Contest.Reference(name: "the script itself", goal: goal) { own }
    }
    return [
      Contest(
        name: overhead, unit: "bytes", ours: { Double(large.set.residentBytes) / count - own },
        references: [script(.atMost(17, "bytes"))]),
      Contest(
        name: resident, unit: "bytes", ours: { Double(large.growth) / count - own },
        references: [script(.atMost(17, "bytes"))]),
    ].filter { names.contains($0.name) }
  }

  /// Other scripts than the set's, of the same kinds.
  private static func unwatched(_ count: Int, seed: UInt64) -> ByteRun {
    let source = ScriptSource(seed: seed)
    var run = ByteRun()
    for index in 0..<count { run.append(source.script(index)) }
    return run
  }

  private static func watched(_ large: LargeWatchSet, _ count: Int) -> ByteRun {
    var run = ByteRun()
    for _ in 0..<count { run.append(large.source.script(Int.random(in: 0..<large.set.count))) }
    return run
  }

  /// Of scripts that no look-up before had: what they touch is in no cache.
  private static func freshLookUps(
    in large: LargeWatchSet, _ count: Int, found: Int, _ scripts: (_ seed: UInt64) -> ByteRun
  ) throws -> Double {
    try lookUps(scripts(UInt64.random(in: 2...(.max))), in: large.set, count, found: found)
  }

  /// Millions of look-ups a second, in batches as large as a block's.
  ///
  /// - Parameter expected: how many of them find their script
  private static func lookUps(
    _ run: ByteRun, in set: WatchSet, _ count: Int, found expected: Int
  ) throws -> Double {
    let scripts = run.ranges.map { UInt32($0.lowerBound)..<UInt32($0.upperBound) }
    var found = 0
    let seconds = CPUClock.seconds {
      let bytes = run.bytes.span.bytes
      var done = 0
      while done < count {
        var start = 0
        while start < scripts.count, done < count {
          let end = min(start + 4_096, scripts.count, start + count - done)
          found += set.find(scripts.span.extracting(start..<end), in: bytes).count
          done += end - start
          start = end
        }
      }
    }
    guard found == expected else {
      throw BenchmarkFailure("\(found) look-ups found their script, not \(expected)")
    }
    return Double(count) / seconds / 1e6
  }

  /// Millions of reads a second, at places that don't depend on each other.
  private static func reads(
    _ words: [UInt64], _ count: Int, goal: Goal?
  ) -> Contest.Reference {
    var state: UInt64 = 1
    return Contest.Reference(name: "one random memory read each", goal: goal) {
      let seconds = CPUClock.seconds {
        var sum: UInt64 = 0
        let words = words.span
        for _ in 0..<count {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let place = ((state >> 32) &* UInt64(words.count)) >> 32
          sum &+= words[Int(truncatingIfNeeded: place)]
        }
        Sink.take(sum)
      }
      return Double(count) / seconds / 1e6
    }
  }
}
