import Bytes
import ChainTypes
import Database
import EventLog
import JSON
import Payments
import SchemaChecking
import Settlement
import Testing
import Watching

@Suite("Transactions that no block takes")
struct StuckTransactionTests {
  private static let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
  private static let slot = OutgoingSlot.outpoint(Outpoint(txid: World.hash("t"), vout: 0))

  /// A sweep of a payment's coin, signed or not.
  private func world(signed: Bool = true) async throws -> World {
    let world = try await World.make()
    let payment = try await world.create(world.request("order-1"))
    try await world.mine(.init(transaction: "t", ordinal: payment.terms.ordinal, value: 130_000))
    try await world.mineEmpty(5)
    try await record(1, in: world, signed: signed)
    return world
  }

  private func record(
    _ number: Int, replaces: String? = nil, in world: World, signed: Bool = true
  ) async throws {
    let payouts = [
      OutgoingTransaction.Payout(
        refund: nil, address: Self.address, contract: nil, amount: 129_000)
    ]
    let transaction = OutgoingTransaction(
      id: "out_\(number)", tenant: World.tenant, chain: world.spec.name, purpose: .sweep,
      slots: [Self.slot], replaces: replaces, payouts: payouts, maximumFee: 500,
      unsigned: World.psbt(paying: payouts), keyPath: nil, createdAt: world.now,
      txid: World.hash("out \(number)"))
    let now = world.now
    try await world.database.write {
      try OutgoingService.record(transaction, now: now, in: $0)
    }
    // Bytes that nobody reads here.
    if signed {
      let bytes = world.database.dialect == .sqlite ? "x'00'" : "'\\x00'"
      try await world.write(
        "UPDATE outgoing SET status = 'broadcast', raw = \(bytes) WHERE outgoing_id = 'out_\(number)'"
      )
    }
  }

  private func mine(_ count: Int, in world: World) async throws {
    for _ in 0..<count { try await world.mineEmpty(1) }
  }

  private func stuck(_ world: World) async throws -> [String] {
    try await world.database.read {
      try $0.query("SELECT stuck FROM outgoing_waits WHERE stuck IS NOT NULL").map {
        try $0.text("stuck")
      }
    }
  }

  @Test("it is told once after ten blocks, shown with its reason, and forgotten in a block")
  func unmined() async throws {
    let world = try await world()
    try await mine(10, in: world)
    #expect(!(try await world.events("out_1").contains("outgoing.stuck")))
    try await mine(5, in: world)
    #expect(try await world.events("out_1").filter { $0 == "outgoing.stuck" }.count == 1)
    #expect(try await stuck(world) == ["unmined"])
    let (remarks, counts) = try await world.database.read {
      (
        try OutgoingWaits.remarks(on: ["out_1", "out_9"], in: $0),
        try OutgoingWaits.stuckCounts(in: $0)
      )
    }
    #expect(remarks["out_1"]?.wait?.stuck == .unmined && remarks.count == 1)
    #expect(counts == [world.spec.name.text: 1])
    try await Sequencer(database: world.database).drain()
    let told = try await world.database.read {
      try EventLog.page(after: 0, limit: 1_000, in: $0).events.map(\.event).last {
        $0.type == "outgoing.stuck"
      }
    }
    let data = try JSONValue(parsing: Array(try #require(told).data.utf8))
    #expect(data["stuck"] == "unmined" && data["purpose"] == "sweep")
    #expect(try EventSchemaCheck().differences(#require(told)) == [])
    // A start in between changes nothing, and a block ends it.
    try await world.restart()
    try await world.advance([[]], spending: [(txid: World.hash("out 1"), slots: [Self.slot])])
    #expect(try await world.count("outgoing_waits") == 0)
    #expect(try await world.events("out_1").filter { $0 == "outgoing.stuck" }.count == 1)
  }

  @Test("what nodes refuse is told sooner, and what they took meanwhile isn't")
  func refused() async throws {
    for isTakenAfter in [false, true] {
      let world = try await world()
      try await mine(1, in: world)
      let now = world.now
      try await world.database.write { connection in
        try OutgoingService.refused("out_1", note: "insufficient fee", now: now, in: connection)
        if isTakenAfter { try OutgoingService.sent("out_1", now: now, in: connection) }
      }
      try await mine(2, in: world)
      #expect(try await stuck(world) == (isTakenAfter ? [] : ["refused"]))
      let remarks = try await world.database.read {
        try OutgoingWaits.remarks(on: ["out_1"], in: $0)
      }
      #expect(remarks["out_1"]?.note == (isTakenAfter ? nil : "insufficient fee"))
    }
  }

  @Test("what waits for its signature isn't stuck, and a replacement waits anew in its place")
  func others() async throws {
    let unsigned = try await world(signed: false)
    try await mine(15, in: unsigned)
    #expect(try await unsigned.count("outgoing_waits") == 0)
    let world = try await world()
    try await mine(12, in: world)
    #expect(try await stuck(world).count == 1)
    try await record(2, replaces: "out_1", in: world)
    try await mine(1, in: world)
    #expect(try await stuck(world) == [])
    #expect(try await world.count("outgoing_waits WHERE outgoing_id = 'out_2'") == 1)
    #expect(try await world.count("outgoing_waits") == 1)
    try await mine(12, in: world)
    #expect(try await world.events("out_2").contains("outgoing.stuck"))
  }
}
