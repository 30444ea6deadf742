import Bytes
import NodeRPC
import Testing

@Suite("The search for logs") struct LogSearchTests {
  /// A provider with limits that nobody is told.
  private struct Provider {
    var maximumBlocks = UInt32.max
    var maximumLogs = Int.max
    /// How many logs each block has; the last for all above.
    var logCounts: [Int] = [0]
    /// Blocks that it refuses at all times.
    var refused: Set<UInt32> = []
    var hints: @Sendable (ClosedRange<UInt32>) -> UInt32? = { _ in nil }

    func answers(_ range: ClosedRange<UInt32>) -> Bool {
      guard range.count <= Int(maximumBlocks), !range.contains(where: refused.contains) else {
        return false
      }
      var count = 0
      for block in range {
        count += logCounts[min(Int(block), logCounts.count - 1)]
        if count > maximumLogs { return false }
      }
      return true
    }
  }

  private struct Course {
    var answered: [ClosedRange<UInt32>] = []
    var unanswerable: [UInt32] = []
    var questions = 0
  }

  private func run(_ search: inout LogSearch, at provider: Provider) -> Course {
    var course = Course()
    while let range = search.range, course.questions < 1_000_000 {
      course.questions += 1
      if provider.answers(range) {
        search.answered()
        course.answered.append(range)
      } else if case .unanswerable(let block) = search.refused(hint: provider.hints(range)) {
        course.unanswerable.append(block)
      }
    }
    return course
  }

  /// Whether every block from `first` through `last` came up once, in order.
  private func covers(_ course: Course, _ range: ClosedRange<UInt32>) -> Bool {
    let parts = (course.answered + course.unanswerable.map { $0...$0 })
      .sorted { $0.lowerBound < $1.lowerBound }
    var next = UInt64(range.lowerBound)
    for part in parts {
      guard UInt64(part.lowerBound) == next else { return false }
      next = UInt64(part.upperBound) + 1
    }
    return next == UInt64(range.upperBound) + 1
  }

  @Test("whatever a provider's hidden limits, every block comes up exactly once", arguments: 0..<60)
  func everyBlockOnce(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func draw(_ bound: UInt64) -> UInt64 { random.next() % bound }
    let first = UInt32(draw(1_000))
    let range = first...(first + UInt32(draw(6_000)))
    var provider = Provider()
    if draw(3) > 0 { provider.maximumBlocks = UInt32(draw(900) + 1) }
    if draw(3) > 0 { provider.maximumLogs = Int(draw(400)) }
    provider.logCounts = (0...7_000).map { _ in
      draw(20) == 0 ? Int(draw(500)) : Int(draw(3))
    }
    for _ in 0..<draw(4) { provider.refused.insert(first + UInt32(draw(6_000))) }
    let hintSeed = draw(4)
    provider.hints = { range in
      switch hintSeed {
      case 0: nil
      // A suggestion that equals the request, one of nothing, and one beyond all sense.
      case 1: UInt32(range.count)
      case 2: 0
      default: UInt32(range.count) / 3
      }
    }
    var search = LogSearch(range, pace: LogPace(blockCount: UInt32(draw(5_000))))
    let course = run(&search, at: provider)
    #expect(covers(course, range), "seed \(seed)")
    #expect(search.isFinished && search.range == nil, "seed \(seed)")
    let alone = range.filter { !provider.answers($0...$0) }
    #expect(course.unanswerable == alone, "seed \(seed)")
    // At the worst every block is asked for alone, and each is reached by halving.
    #expect(course.questions <= 3 * range.count + 64, "seed \(seed): \(course.questions)")
  }

  @Test("a hint is followed at once, and the limit that it tells isn't touched again")
  func hint() {
    var provider = Provider(maximumBlocks: 500)
    provider.hints = { _ in 500 }
    var search = LogSearch(0...9_999, pace: LogPace(blockCount: 2_000))
    let course = run(&search, at: provider)
    #expect(course.answered.count == 20)
    #expect(course.questions == 21)
  }

  @Test("without a hint a limit on blocks is found by halving, and little is asked in vain")
  func halving() {
    let provider = Provider(maximumBlocks: 300)
    var search = LogSearch(0...99_999, pace: LogPace(blockCount: 50_000))
    let course = run(&search, at: provider)
    #expect(course.answered.count < 450)
    #expect(course.questions - course.answered.count < 40)
    #expect(search.pace.blockCount > 200)
  }

  @Test("after dense blocks the ranges grow again")
  func growing() {
    var provider = Provider(maximumLogs: 1_000)
    provider.logCounts = (0..<2_000).map { $0 < 1_000 ? 500 : 0 }
    var search = LogSearch(0...60_000, pace: LogPace(blockCount: 2_000))
    let course = run(&search, at: provider)
    #expect(covers(course, 0...60_000))
    let last = course.answered.map(\.count).suffix(3)
    #expect(last.contains { $0 > 1_000 }, "\(last)")
  }

  @Test("a suggestion equal to the request is bisected down to one block, which is named")
  func stubborn() {
    var provider = Provider(refused: [7])
    provider.hints = { UInt32($0.count) }
    var search = LogSearch(0...15, pace: LogPace(blockCount: 16))
    let course = run(&search, at: provider)
    #expect(course.unanswerable == [7])
    #expect(covers(course, 0...15))
  }

  @Test("the highest block is reached without overflow")
  func highest() {
    var search = LogSearch((.max - 10)...(.max))
    let course = run(&search, at: Provider())
    #expect(course.answered == [(.max - 10)...(.max)])
    #expect(search.isFinished)
  }

  @Test("with another node's pace the search goes on from where it is")
  func anotherNode() {
    var search = LogSearch(0...999, pace: LogPace(blockCount: 400))
    search.answered()
    search.pace = LogPace(blockCount: 100)
    #expect(search.range == 400...499)
    _ = search.refused()
    #expect(search.range == 400...449)
  }
}
