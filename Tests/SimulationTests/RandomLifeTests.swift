import Database
import Foundation
import Simulation
import TestDatabases
import Testing

@Suite("Random lives of the whole pipeline")
struct RandomLifeTests {
  /// `PAYWATCH_SEED` replays one seed and tells what happens, `PAYWATCH_SEEDS` runs so many fresh
  /// ones, `PAYWATCH_STEPS` sets how long each is.
  private static let environment = ProcessInfo.processInfo.environment

  private static let seeds: [UInt64] =
    if let text = environment["PAYWATCH_SEED"], let seed = UInt64(text) {
      [seed]
    } else if let text = environment["PAYWATCH_SEEDS"], let count = Int(text) {
      (0..<count).map { _ in UInt64.random(in: 1 << 32..<1 << 48) }
    } else {
      [UInt64.random(in: 1 << 32..<1 << 48)]
    }

  private static let fixedSeeds: [UInt64] = [4, 6, 12]

  private static let steps = environment["PAYWATCH_STEPS"].flatMap { Int($0) } ?? 300

  @Test("every promise holds at every step, whatever happens", arguments: seeds)
  func random(seed: UInt64) async throws {
    let simulation = try await Simulation(
      seed: seed, steps: Self.steps, database: TestDatabase.simulated)
    let statistics = try await simulation.run()
    if Self.environment["PAYWATCH_SEED"] != nil {
      print(simulation.journal.joined(separator: "\n"))
      print(statistics)
    }
    #expect(statistics.events > 0)
    #expect(statistics.halted.isEmpty)
  }

  @Test(
    "lives in which a process dies at every point, and reorgs come, break no promise",
    .enabled(if: environment["PAYWATCH_SEED"] == nil && environment["PAYWATCH_SEEDS"] == nil))
  func everyFault() async throws {
    var kills: Set<FaultPoint> = []
    var (reorganised, paid): (Set<String>, Set<String>) = ([], [])
    var told: Set<String> = []
    var (variants, failures) = (0, 0)
    for seed in Self.fixedSeeds {
      let statistics = try await Simulation(
        seed: seed, steps: Self.steps, database: TestDatabase.simulated
      ).run()
      #expect(statistics.halted.isEmpty)
      kills.formUnion(statistics.kills.keys)
      reorganised.formUnion(statistics.reorgs.keys)
      paid.formUnion(statistics.transfers.filter { $0.value > 0 }.keys)
      told.formUnion(statistics.eventTypes.keys)
      variants += statistics.variants.values.reduce(0, +)
      failures += statistics.failures
    }
    #expect(kills == Set(FaultPoint.allCases))
    #expect(reorganised.count == 3)
    #expect(paid == reorganised)
    #expect(variants > 0)
    #expect(failures > 0)
    // Lives in which nothing goes wrong would prove nothing.
    let expected = [
      "payment.expired", "payment.late", "payment.overpaid", "payment.reversed",
      "payment.settled", "transfer.failed", "transfer.final", "transfer.misdirected",
      "transfer.orphaned", "transfer.quarantined", "transfer.replaced",
    ]
    #expect(told.isSuperset(of: expected), "\(expected.filter { !told.contains($0) })")
  }

  @Test(
    "a row that is damaged is noticed, and the failure tells how to see it again",
    arguments: [
      """
      DELETE FROM transfers
      WHERE txid = (SELECT MIN(txid) FROM transfers WHERE state = 'confirmed')
      """,
      """
      UPDATE events SET data = '{}'
      WHERE position = (SELECT MAX(position) FROM events WHERE type = 'transfer.included')
      """,
      "UPDATE transfers SET contract = '' WHERE contract <> '' AND state = 'confirmed'",
      "UPDATE transfers SET value = 1 WHERE contract = '' AND state = 'included'",
    ])
  func damaged(statement: String) async throws {
    let simulation = try await Simulation(seed: 12, steps: 300, database: TestDatabase.simulated) {
      connection in
      try connection.execute(statement) > 0
    }
    let failure = try await #require(throws: Simulation.Failure.self) {
      _ = try await simulation.run()
    }
    #expect(failure.description.contains("PAYWATCH_SEED=12 PAYWATCH_STEPS=300"))
  }

  @Test("reorgs that break finality halt crediting, and nothing else breaks")
  func beyondFinality() async throws {
    // Not every life gets that far.
    var halted: Set<String> = []
    for seed: UInt64 in 8..<40 where halted.count < 3 {
      let simulation = try await Simulation(
        seed: seed, steps: 160, mode: .beyondFinality, database: TestDatabase.simulated)
      halted.formUnion(try await simulation.run().halted)
    }
    #expect(halted.count == 3)
  }

  @Test("a seed replays exactly")
  func replay() async throws {
    let first = try await Simulation(seed: 5, steps: 120, database: TestDatabase.simulated).run()
    let second = try await Simulation(seed: 5, steps: 120, database: TestDatabase.simulated).run()
    #expect(first.digest == second.digest)
    #expect(first.events == second.events)
  }
}
