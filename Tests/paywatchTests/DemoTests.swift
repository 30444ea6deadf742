import Foundation
import TestSupport
import Testing

@Suite("paywatch demo", .serialized)
struct DemoTests {
  @Test("the whole story is told, by the whole pipeline, and nothing is left behind")
  func story() async throws {
    let before = try leftovers()
    let outcome = try await Program.paywatch.finish(["demo"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    // A machine that stood still for seconds loses leases, and takes them again.
    let errors = outcome.errors.split(separator: "\n").filter { !$0.contains("lease lost") }
    #expect(errors.isEmpty)
    // What became of each order, in the table at the end.
    let table = outcome.output.components(separatedBy: "What became of them").last ?? ""
    let states = table.split(separator: "\n").map { $0.split(separator: " ").prefix(2) }
      .filter { $0.count == 2 }.map { $0.joined(separator: " ") }
    // Whether the last ones have settled too depends on when the demo ends.
    let paid = ["roaster", "mugs", "syrup", "subscription", "tamper", "scales"]
    let others = states.filter { state in !paid.contains { state.hasPrefix("\($0) ") } }
    #expect(
      Set(others) == [
        "espresso settled", "beans settled", "grinder paid", "kettle paid", "scale paid",
        "filter expired",
      ])
    for order in paid {
      #expect(states.contains("\(order) paid") || states.contains("\(order) settled"), "\(order)")
    }
    for event in [
      "payment.created", "payment.processing", "payment.partially_paid", "payment.paid",
      "payment.settled", "payment.reversed", "payment.expired", "payment.late",
      "transfer.orphaned", "transfer.replaced", "transfer.misdirected", "transfer.quarantined",
    ] {
      #expect(outcome.output.contains(event), "\(event) isn't told")
    }
    #expect(try leftovers() == before)
  }

  @Test("the whole distributed story is told, and nothing is lost or repeated")
  func distributedDemo() async throws {
    let before = try leftovers()
    let outcome = try await Program.paywatch.finish(["demo", "--distributed"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("all 60 payments are settled"))
    #expect(outcome.output.contains("lost, repeated or out of order: 0"))
    #expect(try leftovers() == before)
  }

  private func leftovers() throws -> Set<String> {
    let directory = FileManager.default.temporaryDirectory.path
    return Set(
      try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { $0.hasPrefix("paywatch-demo-") })
  }
}
