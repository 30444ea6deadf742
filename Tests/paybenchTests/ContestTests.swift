import Foundation
import Testing

@testable import paybench

@Suite("a contest")
struct ContestTests {
  /// Figures one after another, round by round, the first of them for the unmeasured one.
  private static func work(_ figures: [Double]) -> () -> Double {
    var rest = figures[...]
    return { rest.popFirst() ?? 0 }
  }

  @Test("tells medians over the rounds, of figures and of ratios each for itself, and quartiles")
  func medians() async throws {
    let contest = Contest(
      name: "reading", unit: "MB/s", how: "Twice.",
      ours: Self.work([99, 10, 40, 30, 20, 50]),
      references: [.init(name: "limit", run: Self.work([99, 20, 40, 10, 40, 25]))])
    let measurement = try #require(try await contest.measure(rounds: 5).first)
    #expect(measurement.value == 30)
    #expect(measurement.referenceValue == 25)
    // 0.5, 1, 3, 0.5, 2
    #expect(measurement.ratio == 1)
    #expect(measurement.quartiles == 0.5...2)
    #expect(measurement.how == "Twice.")
    #expect(measurement.goal == nil && measurement.reached == nil)
  }

  @Test("a goal is missed by what is too slow, too large or too far from its limit")
  func goals() async throws {
    func reached(_ value: Double, _ goal: Goal) async throws -> Bool? {
      let contest = Contest(
        name: "work", unit: "x", ours: { value },
        references: [.init(name: "limit", goal: goal) { 10 }])
      return try await contest.measure(rounds: 1).first?.reached
    }
    #expect(try await reached(5, .ratioAtLeast(0.6)) == false)
    #expect(try await reached(6, .ratioAtLeast(0.6)) == true)
    #expect(try await reached(14, .ratioAtMost(1.3)) == false)
    #expect(try await reached(13, .ratioAtMost(1.3)) == true)
    #expect(try await reached(99, .atLeast(100, "x")) == false)
    #expect(try await reached(100, .atLeast(100, "x")) == true)
    #expect(try await reached(18, .atMost(17, "x")) == false)
    #expect(try await reached(17, .atMost(17, "x")) == true)
  }

  @Test("beside an absent peer a ratio is undecided, and a figure is not")
  func absent() async throws {
    let contest = Contest(
      name: "work", unit: "x/s", ours: { 5 },
      references: [
        .init(name: "peer", goal: .ratioAtLeast(2), run: nil),
        .init(name: "peer", goal: .atLeast(6, "x/s"), run: nil),
      ])
    let measurements = try await contest.measure(rounds: 1)
    #expect(measurements.map(\.ratio) == [nil, nil])
    #expect(measurements.map(\.reached) == [nil, false])
  }

  @Test("whoever comes first alternates, and what failed is told and put away")
  func turns() async throws {
    struct Broken: Error {}
    var order = ""
    let contest = Contest(
      name: "work",
      ours: {
        order += "o"
        return [1]
      },
      others: [
        {
          order += "p"
          return [1]
        }
      ],
      comparisons: [], finish: { order += "f" })
    _ = try await contest.measure(rounds: 3)
    #expect(order == "op" + "op" + "po" + "op" + "f")

    var isPutAway = false
    let failing = Contest(
      name: "work", ours: { throw Broken() }, others: [], comparisons: [],
      finish: { isPutAway = true })
    await #expect(throws: Broken.self) { try await failing.measure(rounds: 1) }
    #expect(isPutAway)
  }

  @Test("what is put beside later is measured in the same rounds, and keeps to its own figures")
  func beside() async throws {
    let contest = Contest(
      name: "work", unit: "x/s", how: "Well.", ours: { 6 },
      references: [.init(name: "limit") { 12 }]
    ).beside(
      [.init(name: "peer", goal: .ratioAtLeast(2)) { 3 }, .init(name: "lost", run: nil)],
      unit: "x/s")
    let measurements = try await contest.measure(rounds: 2)
    #expect(measurements.map(\.reference) == ["limit", "peer", "lost"])
    #expect(measurements.map(\.ratio) == [0.5, 2, nil])
    #expect(measurements.map(\.reached) == [nil, true, nil])
    #expect(measurements.allSatisfy { $0.how == "Well." })
  }

  @Test("threads work at once, each once, and the last one is waited for")
  func threads() {
    let counts = Threads.seconds(3) { Sink.take(UInt64($0)) }
    #expect(counts > 0)
  }
}
