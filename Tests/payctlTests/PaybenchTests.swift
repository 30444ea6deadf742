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
    let referenceValue: Double
    let ratio: Double
    let goal: String?
    let reached: Bool?
  }

  @Test("a quick run gives a figure, its reference and their ratio for each benchmark")
  func quick() async throws {
    let outcome = try await Program.paybench.finish(
      ["--quick", "--json", "--count", "2000", "--rounds", "2"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let measurements = try outcome.object([Measurement].self)
    let names = [
      "addresses", "verified, 1 k", "rescan", "EVM block", "EVM receipts root", "EVM logs", "cold",
      "warm", "bytes", "Keccak",
      "payments on SQLite, 99th percentile", "relay from SQLite",
    ]
    for name in names {
      #expect(measurements.contains { $0.name.contains(name) }, "\(name)")
    }
    for measurement in measurements {
      #expect(measurement.value > 0 || measurement.name.contains("resident"))
      #expect(measurement.referenceValue > 0)
      #expect(!measurement.unit.isEmpty && !measurement.reference.isEmpty)
      #expect((measurement.goal == nil) == (measurement.reached == nil))
    }
  }

  @Test("a filter chooses, and a table shows it; nothing chosen is an error")
  func filter() throws {
    let outcome = try Program.paybench.run("--quick", "--filter", "Keccak")
    #expect(outcome.status == 0)
    #expect(outcome.lines.count == 2)
    #expect(outcome.output.contains("MB/s"))
    #expect(try Program.paybench.run("--quick", "--filter", "nothing").status == 64)
    let lost = try Program.paybench.run("--quick", "--filter", "block", "--vectors", "/none")
    #expect(lost.status == 1)
    #expect(lost.errors.contains("see --vectors"))
  }
}
