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

  private static let fixedSeeds: [UInt64] = Array(1...24)

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
    // Lives in which nothing goes wrong would prove nothing, and not every life gets that far. On
    // PostgreSQL the first few show what is different there.
    let isFirstEngine = TestEngine.selected == .sqlite
    var coverage = LifeCoverage()
    var seeds = isFirstEngine ? Self.fixedSeeds[...] : Self.fixedSeeds.prefix(4)
    while !seeds.isEmpty, !coverage.missing.isEmpty {
      // Side by side, as each mostly waits for its database.
      try await withThrowingTaskGroup(of: Simulation.Statistics.self) { lives in
        for seed in seeds.prefix(4) {
          lives.addTask {
            try await Simulation(
              seed: seed, steps: Self.steps, database: TestDatabase.simulated
            ).run()
          }
        }
        for try await outcome in lives {
          #expect(outcome.halted.isEmpty)
          coverage.add(outcome)
        }
      }
      seeds = seeds.dropFirst(4)
    }
    if isFirstEngine { #expect(coverage.missing == []) }
  }

  /// What somebody does to the store, and what checkers say of it.
  struct Damage: Sendable, CustomTestStringConvertible {
    let statement: String
    let told: String

    init(_ statement: String, told: String) {
      self.statement = statement
      self.told = told
    }

    var testDescription: String { statement }
  }

  @Test(
    "a row that is damaged is noticed for what it is, and the failure tells how to see it again",
    arguments: [
      Damage(
        """
        DELETE FROM transfers
        WHERE txid = (SELECT txid FROM transfers WHERE state = 'confirmed' ORDER BY txid LIMIT 1)
        """, told: "promise 1 broken"),
      Damage(
        """
        UPDATE events SET data = '{}'
        WHERE position = (SELECT MAX(position) FROM events WHERE type = 'transfer.included')
        """, told: "isn't its fact's"),
      Damage(
        "UPDATE transfers SET contract = '' WHERE contract <> '' AND state = 'confirmed'",
        told: "is recorded as"),
      Damage(
        "UPDATE transfers SET value = 1 WHERE contract = '' AND state = 'included'",
        told: "is recorded as"),
      Damage(
        """
        UPDATE refunds SET status = 'final'
        WHERE refund_id = (SELECT MIN(refund_id) FROM refunds WHERE status = 'approved')
        """, told: "is final and isn't paid"),
      Damage(
        """
        UPDATE ledger_balances SET debit = '1'
        WHERE account = 'treasury' AND chain = 'bitcoin-regtest'
        """, told: "doesn't sum to zero"),
      // Entries are only ever added: so is a false one.
      Damage(
        """
        INSERT INTO ledger_entries
        SELECT 'nothing', chain, contract, number, tenant, kind, postings, recorded_at
        FROM ledger_entries WHERE chain = 'bitcoin-regtest' LIMIT 1
        """, told: "nothing: booked is"),
    ])
  func damaged(damage: Damage) async throws {
    let statement = damage.statement
    // What checkers say is the same on any engine.
    let simulation = try await Simulation(
      seed: 7, steps: 300, database: TestDatabase.simulated(on: .sqlite)
    ) { try $0.execute(statement) > 0 }
    let failure = try await #require(throws: Simulation.Failure.self) {
      _ = try await simulation.run()
    }
    #expect(failure.reasons.contains { $0.contains(damage.told) }, "\(failure.reasons)")
    #expect(failure.description.contains("PAYWATCH_SEED=7 PAYWATCH_STEPS=300"))
  }

  @Test("reorgs that break finality halt crediting, and nothing else breaks")
  func beyondFinality() async throws {
    // Not every life gets that far. Reorgs that left below all headers once held a watcher for good
    // in the first of these.
    let first: [UInt64] = [12, 59, 77]
    var halted: Set<String> = []
    let more: [UInt64] = TestEngine.selected == .sqlite ? Array(13..<40) : []
    for seed in first + more where first.contains(seed) || halted.count < 3 {
      let simulation = try await Simulation(
        seed: seed, steps: 160, mode: .beyondFinality, database: TestDatabase.simulated)
      halted.formUnion(try await simulation.run().halted)
    }
    #expect(halted.count == 3 || more.isEmpty)
  }

  @Test("a seed replays exactly, also beside another world's transactions")
  func replay() async throws {
    var runs: [(statistics: Simulation.Statistics, journal: [String])] = []
    func live() async throws {
      let life = try await Simulation(seed: 5, steps: 120, database: TestDatabase.simulated)
      runs.append((try await life.run(), life.journal))
    }
    try await live()
    // Short ones, for which other tests wait.
    let other = try await TestDatabase()
    try await other.write { try $0.execute("CREATE TABLE held (a TEXT)") }
    let busy = Task {
      while !Task.isCancelled {
        try await other.write { connection in
          try connection.execute("INSERT INTO held VALUES ('')")
          Thread.sleep(forTimeInterval: 0.5)
        }
      }
    }
    defer { busy.cancel() }
    try await live()
    let parting = zip(runs[0].journal, runs[1].journal).first { $0 != $1 }
    #expect(parting == nil)
    #expect(runs[0].journal.count == runs[1].journal.count)
    #expect(runs[0].statistics.digest == runs[1].statistics.digest)
    #expect(runs[0].statistics.events == runs[1].statistics.events)
  }
}
