import Foundation
import TestSupport
import Testing

/// That it runs and says what it should; how fast is no test's affair.
@Suite("paybench")
struct PaybenchTests {
  private struct Measurement: Decodable {
    let name: String
    let value: Double
    let unit: String
    let reference: String
    let referenceValue: Double?
    let ratio: Double?
    let goal: String?
    let reached: Bool?
  }

  @Test("a quick run gives a figure, its reference and their ratio for each benchmark")
  func quick() async throws {
    let outcome = try await Program.paybench.finish(
      ["--quick", "--json", "--count", "2000", "--rounds", "1"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let measurements = try outcome.object([Measurement].self)
    let names = [
      "addresses", "verified, 1 k", "rescan", "EVM block", "EVM receipts root", "EVM logs", "cold",
      "warm", "bytes", "Keccak", "rebuilt from a descriptor", "loaded from a snapshot",
      "start of a watcher's process", "memory of a watcher's process", "block of 20 payments",
      "as addresses grow",
      "payments on SQLite, 99th percentile", "payments on PostgreSQL, 99th percentile",
      "relay from SQLite", "relay from PostgreSQL", "EVM catch-up", "EVM discovery",
      "mempool to its event", "Bitcoin block of 0.8 MB to its event", "EVM block of",
      "open load on all of the API, SQLite, highest rate",
      "open load on all of the API, PostgreSQL, worst 99th percentile",
    ]
    for name in names {
      #expect(measurements.contains { $0.name.contains(name) }, "\(name)")
    }
    for measurement in measurements {
      #expect(
        measurement.value > 0 || measurement.name.contains("resident"), "\(measurement.name)")
      #expect(measurement.referenceValue.map { $0 > 0 } ?? true, "\(measurement.name)")
      #expect((measurement.referenceValue == nil) == (measurement.ratio == nil))
      #expect(!measurement.unit.isEmpty && !measurement.reference.isEmpty)
      if measurement.goal == nil { #expect(measurement.reached == nil) }
      // Only what is beside an absent peer is left undecided.
      if measurement.reached == nil, measurement.ratio != nil { #expect(measurement.goal == nil) }
    }
  }

  @Test("a filter chooses, and a table shows it; nothing chosen is an error")
  func filter() throws {
    let outcome = try Program.paybench.run(
      "--quick", "--filter", "Keccak", "--python", "/none/python3")
    #expect(outcome.status == 0)
    #expect(outcome.lines.count == 5)
    #expect(outcome.output.contains("MB/s"))
    #expect(outcome.lines.count { $0.contains("absent") } == 3)
    #expect(try Program.paybench.run("--quick", "--filter", "nothing").status == 64)
    let lost = try Program.paybench.run("--quick", "--filter", "block", "--vectors", "/none")
    #expect(lost.status == 1)
    #expect(lost.errors.contains("see --vectors"))
  }

  @Test("what is kept is written whole, and of a part only where that is asked for")
  func written() throws {
    let scratch = try TemporaryDirectory()
    let readme = scratch.url.appending(path: "README.md")
    try Data("before\n<!-- paybench -->\nold\n<!-- /paybench -->\nafter\n".utf8).write(to: readme)
    let arguments = [
      "--quick", "--filter", "block rescan", "--count", "1000", "--rounds", "1", "--write",
      scratch.url.path, "--readme", readme.path,
    ]
    let refused = try Program.paybench.run(arguments)
    #expect(refused.status == 64)
    #expect(refused.errors.contains("--partial"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).count == 1)

    let outcome = try Program.paybench.run(arguments + ["--partial"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let texts = try ["results.md", "results.json", "ratios.svg", "README.md"].map {
      try String(contentsOf: scratch.url.appending(path: $0), encoding: .utf8)
    }
    for text in texts { #expect(text.contains("block rescan")) }
    #expect(texts[3].hasPrefix("before\n") && texts[3].hasSuffix("after\n"))
    #expect(!texts[3].contains("old"))
  }
}
