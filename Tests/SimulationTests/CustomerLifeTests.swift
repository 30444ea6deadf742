import Database
import Foundation
import Simulation
import TestDatabases
import Testing

@Suite("Random lives of shops and their customers")
struct CustomerLifeTests {
  /// `PAYWATCH_SEED` replays a seed, or several with commas between them, and tells what happens,
  /// `PAYWATCH_SEEDS` runs so many fresh ones; `PAYWATCH_CUSTOMERS` sets how many come in each,
  /// `PAYWATCH_GROUND=chains` has them pay on the simulated chains.
  private static let environment = ProcessInfo.processInfo.environment

  private static let seeds: [UInt64] =
    if let text = environment["PAYWATCH_SEED"] {
      text.split(separator: ",").compactMap { UInt64($0) }
    } else if let text = environment["PAYWATCH_SEEDS"], let count = Int(text) {
      (0..<count).map { _ in UInt64.random(in: 1 << 32..<1 << 48) }
    } else {
      [UInt64.random(in: 1 << 32..<1 << 48)]
    }

  private static let database = TestDatabase.simulated

  /// There lives are few and small: each statement of theirs goes to a server and back.
  private static let isOnPostgres = TestEngine.selected == .postgreSQL

  private static let ground =
    environment["PAYWATCH_GROUND"].flatMap(CustomerLife.Ground.init(rawValue:)) ?? .script
  private static let customers =
    environment["PAYWATCH_CUSTOMERS"].flatMap { Int($0) }
    ?? (ground == .chains ? 10 : isOnPostgres ? 30 : 60)

  /// Whether all lives are asked for, and not some alone.
  private static var isWhole: Bool {
    environment["PAYWATCH_SEED"] == nil && environment["PAYWATCH_SEEDS"] == nil
  }

  private static var isWholeOnSQLite: Bool { isWhole && !isOnPostgres }

  @Test("every promise to customers holds at every step, whatever happens", arguments: seeds)
  func random(seed: UInt64) async throws {
    let life = try await CustomerLife(
      seed: seed, customers: Self.customers, on: Self.ground, database: Self.database)
    let statistics = try await life.run()
    if Self.environment["PAYWATCH_SEED"] != nil {
      print(life.journal.joined(separator: "\n"))
      print(statistics)
    }
    #expect(statistics.events > 0)
  }

  @Test(
    "lives in which every worker dies at every point, and all that can befall an order does",
    .enabled(if: isWholeOnSQLite))
  func everyFault() async throws {
    var coverage = CustomerCoverage()
    for seed in UInt64(1)...20 where !coverage.missing.isEmpty {
      coverage.add(
        try await CustomerLife(seed: seed, customers: 60, database: Self.database).run())
    }
    #expect(coverage.missing == [])
  }

  @Test("a crowd finds shops sold out and full again", .enabled(if: isWholeOnSQLite))
  func crowd() async throws {
    let statistics = try await CustomerLife(
      seed: 7, customers: 250, database: Self.database
    ).run()
    #expect(statistics.statuses["completed", default: 0] > 10)
    #expect(statistics.cancellations["out_of_stock", default: 0] > 2)
  }

  @Test(
    "on the simulated chains, with all that befalls nodes and refunds, promises hold as well",
    .enabled(if: isWhole))
  func chains() async throws {
    let count = Self.isOnPostgres ? 3 : 4
    let statistics = try await CustomerLife(
      seed: 1, customers: count, on: .chains, database: Self.database
    ).run()
    #expect(statistics.statuses.values.reduce(0, +) == count)
  }

  @Test(
    "a seed replays exactly", .enabled(if: isWhole),
    arguments: [CustomerLife.Ground.script, .chains])
  func replay(ground: CustomerLife.Ground) async throws {
    let customers = ground == .chains ? 1 : Self.isOnPostgres ? 8 : 20
    let lives = try await [
      CustomerLife(seed: 5, customers: customers, on: ground, database: Self.database),
      CustomerLife(seed: 5, customers: customers, on: ground, database: Self.database),
    ]
    let (first, second) = (try await lives[0].run(), try await lives[1].run())
    #expect(first.digest == second.digest)
    #expect(first.events == second.events)
  }

  /// What somebody does to the store, and what checkers say of it.
  struct Damage: Sendable, CustomTestStringConvertible {
    let statement: String
    let told: String
    /// So many that one of them meets what is damaged.
    let customers: Int

    init(_ statement: String, told: String, customers: Int = 25) {
      self.statement = statement
      self.told = told
      self.customers = customers
    }

    var testDescription: String { statement }
  }

  @Test(
    "a row that is damaged is noticed, and the failure tells how to see it again",
    .enabled(if: isWholeOnSQLite),
    arguments: [
      Damage(
        """
        UPDATE reservations SET status = 'released' WHERE order_id = (
          SELECT MIN(order_id) FROM reservations WHERE status = 'consumed')
        """, told: "stock is never"),
      Damage(
        """
        UPDATE reservation_lines SET quantity = quantity + 1 WHERE order_id = (
          SELECT MIN(order_id) FROM reservations WHERE status = 'consumed')
        """, told: "stock is never"),
      Damage(
        """
        UPDATE payments SET status = 'expired' WHERE payment_id = (
          SELECT MIN(payment_id) FROM payments WHERE status = 'settled')
        """, told: "everyone is told the truth"),
      Damage(
        """
        UPDATE ledger_balances SET debit = '1' WHERE account = 'treasury' AND tenant = 'roastery'
        """, told: "money is conserved"),
      Damage(
        """
        UPDATE orders SET attention = 'refund_due' WHERE order_id = (
          SELECT MIN(order_id) FROM orders WHERE status = 'completed')
        """, told: "rows are what their facts make"),
      Damage(
        """
        UPDATE claims SET status = 'open' WHERE claim_id = (
          SELECT MIN(claim_id) FROM claims WHERE status = 'processed')
        """, told: "everyone is told the truth", customers: 60),
      Damage(
        """
        DELETE FROM deliveries WHERE delivery_id = (
          SELECT MIN(delivery_id) FROM deliveries WHERE status = 'sent' AND channel = 'email')
        """, told: "everyone is told the truth"),
      Damage(
        """
        UPDATE order_timers SET due_at = 9000000000000000000
        WHERE (SELECT COUNT(*) FROM order_timers) > 5
        """, told: "everything comes to an end"),
    ])
  func damaged(damage: Damage) async throws {
    // Until one has such a row, and keeps it.
    for seed in UInt64(7)...12 {
      let life = try await CustomerLife(
        seed: seed, customers: damage.customers, database: Self.database
      ) { try $0.execute(damage.statement) > 0 }
      do {
        _ = try await life.run()
      } catch let failure as CustomerLife.Failure {
        #expect(failure.reasons.contains { $0.contains(damage.told) }, "\(failure.reasons)")
        #expect(
          failure.description.contains(
            "PAYWATCH_SEED=\(seed) PAYWATCH_CUSTOMERS=\(damage.customers)"))
        return
      }
    }
    Issue.record("nobody noticed")
  }
}
