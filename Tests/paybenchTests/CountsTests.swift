import Foundation
import TestSupport
import Testing

@testable import paycount

/// What hot paths take, whatever machine they run on.
@Suite("allocations and instructions")
struct CountsTests {
  private static let file = PackageFiles.root.appending(
    path: "Tests/paybenchTests/thresholds.json")

  @Test("no hot path takes more than its threshold")
  func thresholds() async throws {
    let outcome = try await Program.paycount.finish(["--thresholds", Self.file.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let counts = try JSONDecoder().decode(Thresholds.self, from: Data(outcome.output.utf8))
    let counted = try #require(counts.builds[Thresholds.build])
    #expect(counted["watch set, look-up"]?.allocations == 0)
    for (name, count) in counted {
      #expect((count.instructions != nil) == Self.hasValgrind, "\(name)")
    }
  }

  private static let hasValgrind = (ProcessInfo.processInfo.environment["PATH"] ?? "")
    .split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/valgrind") }

  @Test(
    "instructions are counted, too",
    .enabled(if: hasValgrind, "valgrind isn't on the PATH: instructions aren't counted here"))
  func instructions() throws {
    let thresholds = try JSONDecoder().decode(
      Thresholds.self, from: Data(contentsOf: Self.file))
    for (build, counts) in thresholds.builds {
      for (name, count) in counts { #expect(count.instructions != nil, "\(build): \(name)") }
    }
  }

  @Test("more than a threshold, none, and one of nothing are breaches")
  func breaches() {
    let thresholds = Thresholds(builds: [
      "debug": ["a": Counts(allocations: 2, instructions: 100)],
      "release": [:],
    ])
    func breaches(_ counts: [String: Counts], _ build: String = "debug") -> Int {
      thresholds.breaches(of: counts, build: build).count
    }
    #expect(breaches(["a": Counts(allocations: 2, instructions: 104)]) == 0)
    #expect(breaches(["a": Counts(allocations: 2)]) == 0)
    #expect(breaches(["a": Counts(allocations: 2.01, instructions: 100)]) == 1)
    #expect(breaches(["a": Counts(allocations: 2, instructions: 106)]) == 1)
    #expect(breaches(["a": Counts(allocations: 3, instructions: 106)]) == 2)
    #expect(breaches([:]) == 1)
    #expect(breaches(["a": Counts(allocations: 0), "b": Counts(allocations: 0)]) == 1)
    #expect(breaches(["a": Counts(allocations: 0)], "release") == 1)
  }

  @Test("each allocation is counted, and nothing else")
  func allocations() throws {
    var kept: [[UInt8]] = []
    kept.reserveCapacity(100)
    let some = paycount.Operation(name: "some", units: 10) {
      for size in 1...10 { kept.append([UInt8](repeating: 1, count: 100 * size)) }
    }
    #expect(try some.allocations() == 1)
    let none = paycount.Operation(name: "none", units: 1) { kept.removeAll(keepingCapacity: true) }
    #expect(try none.allocations() == 0)
  }

  @Test("valgrind's sum is in the last line that has one")
  func totals() {
    #expect(Valgrind.total(in: "events: Ir\nfn=1\ntotals: 1234\n") == 1_234)
    #expect(Valgrind.total(in: "events: Ir\n") == nil)
  }
}
