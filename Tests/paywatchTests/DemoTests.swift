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
    #expect(
      Set(states) == [
        "espresso settled", "beans settled", "grinder settled", "kettle settled", "scale settled",
        "filter expired", "cups settled", "roaster settled", "mugs settled", "syrup settled",
        "subscription settled", "tamper settled", "scales settled",
        "ada's order", "ben's order", "cleo's order", "dan's order",
      ])
    for words in [
      "hands it over", "guesses a code: refused", "ml of milk were free meanwhile",
      "the order is held", "a signature that holds", "messages in three languages",
    ] {
      #expect(outcome.output.contains(words), "\(words)")
    }
    for event in [
      "payment.created", "payment.processing", "payment.partially_paid", "payment.paid",
      "payment.settled", "payment.reversed", "payment.expired", "payment.late",
      "transfer.orphaned", "transfer.replaced", "transfer.misdirected", "transfer.quarantined",
      "payment.overpaid", "refund.built", "refund.signed", "refund.broadcast", "refund.final",
      "sweep.broadcast", "sweep.final", "order.confirmed", "order.preparing", "order.ready",
      "order.claimed", "order.completed", "order.canceled", "claim.processed",
    ] {
      #expect(outcome.output.contains(event), "\(event) isn't told")
    }
    try checkBooks(in: outcome.output)
    #expect(try leftovers() == before)
  }

  /// Each asset's column sums to zero, and the chain has what the treasury's line says.
  private func checkBooks(in output: String) throws {
    let lines = output.split(separator: "\n").map { $0.split(separator: " ") }
    func amounts(_ name: String...) throws -> [Substring] {
      let line = try #require(
        lines.first { $0.count == name.count + 4 && $0.starts(with: name.map { $0[...] }) })
      return Array(line.suffix(4))
    }
    #expect(lines.contains(["BTC", "ETH", "USDC", "USDT"]))
    #expect(try amounts("sum") == ["0", "0", "0", "0"])
    #expect(try amounts("treasury") == amounts("on", "chain"))
    #expect(try amounts("treasury").suffix(2) == ["47.000901", "47"])
    #expect(output.contains("has 300000 satoshi back"))
    #expect(output.contains("the treasury has 47.000901 USDC"))
    #expect(output.contains(": 0 differences"))
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
