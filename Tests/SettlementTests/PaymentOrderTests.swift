import ChainTypes
import Database
import Dispatch
import EventLog
import Payments
import Settlement
import Synchronization
import TestDatabases
import TestSupport
import Testing

/// Readers page through payments while others make them.
@Suite("The order in which payments are read", .serialized, .timeLimit(.minutes(2)))
struct PaymentOrderTests {
  private static func list(
    _ world: World, after id: String? = nil, limit: Int = 10
  ) async throws -> [Payment] {
    let service = world.service
    return try await world.database.read {
      try service.payments(
        tenant: World.tenant, status: nil, orderID: nil, after: id, limit: limit, in: $0)
    }
  }

  /// Everything there is, once no transaction of any other test is older.
  private static func list(_ world: World, untilThere count: Int) async throws -> [Payment] {
    var payments: [Payment] = []
    try await waitUntil {
      payments = try await list(world)
      return payments.count >= count
    }
    return payments
  }

  @Test("payments come in the order in which they were made, whatever the clock says")
  func order() async throws {
    let world = try await World.make(ready: 12)
    var made: [Payment] = []
    for number in 0..<12 {
      made.append(try await world.create(world.request("order-\(number)")))
      if number % 3 == 2 { world.now = world.now.adding(seconds: -3_600) }
    }
    try await world.database.settle()
    #expect(try await Self.list(world, limit: 12) == made)
    #expect(Set(made.map(\.terms.id)).count == made.count)
  }

  @Test("a reader who goes on behind the last payment it got misses none that commits late")
  func lateCommit() async throws {
    let store = try await TestStore(.postgreSQL)
    let world = try await World.make(in: store, ready: 8)
    let (service, now) = (world.service, world.now)
    let (slow, quick) = (world.request("slow"), world.request("quick"))
    let other = try store.open()
    let pause = Pause()
    // It begins first, and would have the higher id, too.
    let slower = Task {
      try await other.write { connection in
        let payment = try service.create(
          slow, now: now.adding(seconds: 1), random: (1, 1), in: connection)
        // What was handed in may wait until something is asked.
        _ = try connection.query("SELECT payment_id FROM payments")
        pause.wait()
        return payment
      }
    }
    try await waitUntil { pause.isReached }
    let second = try await world.create(quick)
    #expect(try await Self.list(world) == [])
    pause.end()
    let first = try await slower.value
    let all = try await Self.list(world, untilThere: 2)
    #expect(all == [first, second])
    #expect(try await Self.list(world, after: first.terms.id) == [second])
    #expect(try await Self.list(world, after: second.terms.id) == [])
    #expect(try await world.events(first) == ["payment.created"])
    try await other.close()
    try await world.database.close()
  }

  @Test("a dump read into a server whose transactions count from elsewhere is read in order")
  func restored() async throws {
    let store = try await TestStore(.postgreSQL)
    let world = try await World.make(in: store, ready: 8)
    var made: [Payment] = []
    for number in 0..<3 {
      made.append(try await world.create(world.request("order-\(number)")))
      world.now = world.now.adding(seconds: 1)
    }
    try await world.write("UPDATE payments SET transaction_id = '9000000000000000000'")
    #expect(try await Self.list(world) == [])
    for statement in SettlementSchema.afterRestore(.postgreSQL) {
      try await world.write(statement)
    }
    #expect(try await Self.list(world) == made)
    let later = try await world.create(world.request("later"))
    #expect(try await Self.list(world, untilThere: 4) == made + [later])
    try await world.database.close()
  }
}

/// Where a transaction stands until a test lets it go on.
private final class Pause: Sendable {
  private let reached = Atomic(false)
  private let gate = DispatchSemaphore(value: 0)

  var isReached: Bool { reached.load(ordering: .acquiring) }

  func wait() {
    reached.store(true, ordering: .releasing)
    gate.wait()
  }

  func end() { gate.signal() }
}
