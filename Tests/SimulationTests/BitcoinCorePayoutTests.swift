import Bitcoin
import Bytes
import ChainTypes
import Database
import Keys
import NodeRPC
import Payments
import Settlement
import Simulation
import TestDatabases
import Testing
import Watching

@Suite("Money out on Bitcoin Core in regtest")
struct BitcoinCorePayoutTests {
  @Test(
    "an overpayment is built, signed apart, taken by the node, replaced, confirmed and final",
    .enabled(if: BitcoinCore.path != nil, "bitcoind isn't on the PATH"))
  func refunded() async throws {
    let core = try await BitcoinCore()
    do {
      try await tell(core)
    } catch {
      try? await core.stop()
      throw error
    }
    try await core.stop()
  }

  private func tell(_ core: BitcoinCore) async throws {
    try await core.generate(110)
    let database = try await TestDatabase()
    try await Pipeline.migrate(database)
    let settings = PipelineSettings()
    let pipeline = try Pipeline(
      nodes: [core.node], database: database, settings: settings, time: SystemTime(),
      clock: SystemRPCClock(), watchKey: (.random(in: 0 ... .max), .random(in: 0 ... .max)))
    try await pipeline.registerAccounts()
    try await pipeline.fill()
    func follow() async throws {
      while try await pipeline.step().isBusy {}
    }
    try await follow()
    let payment = try await pipeline.request(
      150_000, tenant: "roastery", order: "1", random: (1, 2))
    let paid = TransactionOutput(
      value: 400_000, scriptPubKey: try SimulatedWorld.script(of: payment.terms))
    let funding = try await core.spend(coinbaseAt: 1, paying: [paid], fee: 1_000)
    _ = try await core.node.send(funding.bytes)
    try await core.generate(6)
    try await follow()
    #expect(try await pipeline.payment(payment.terms.id).status == .settled)

    let spec = settings.spec
    let service = RefundService(specs: [spec], policies: [:])
    let request = RefundRequest(
      payment: payment.terms.id, kind: .overpayment,
      address: "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", requestedBy: "ann")
    let refund = try await database.write {
      try service.request(
        request, tenant: "roastery", now: SystemTime().now, random: (3, 4), in: $0)
    }
    func status() async throws -> RefundStatus? {
      try await database.read {
        try RefundRecords.load(refund.terms.id, locking: false, in: $0)?.status
      }
    }
    let payouts = try #require(
      BitcoinPayouts(
        spec: spec,
        limits: .init(
          ceiling: FeeRate(satoshiPerKvB: 500_000), maximumFee: 100_000, maximumInputs: 100)))
    func order(_ rate: UInt64) -> BitcoinPayouts.Order {
      BitcoinPayouts.Order(
        tenant: "roastery", feeRate: FeeRate(satoshiPerKvB: rate), now: SystemTime().now,
        random: (.random(in: 0 ... .max), .random(in: 0 ... .max)))
    }
    let slow = order(1_000)
    let first = try #require(
      try await database.write { try payouts.payRefunds(slow, in: $0).made })
    let broadcaster = OutgoingBroadcaster(
      chain: spec.name, database: database, pool: pipeline.pool)
    func send(_ transaction: OutgoingTransaction) async throws {
      let raw = try PayoutScene.signed(transaction)
      _ = try await database.write {
        try OutgoingService.takeIn(
          raw, for: transaction.id, spec: spec, now: SystemTime().now, in: $0)
      }
      let report = try await broadcaster.step(now: SystemTime().now)
      #expect((report.sent, report.refused) == (1, 0))
    }
    try await send(first)
    #expect(try await core.node.mempool() == [#require(first.txid)])
    #expect(try await status() == .broadcast)

    let fast = order(20_000)
    let second = try await database.write { try payouts.replace(first.id, fast, in: $0) }
    try await send(second)
    #expect(try await core.node.mempool() == [#require(second.txid)])

    try await core.generate(2)
    try await follow()
    #expect(try await status() == .confirmed)
    let block = try await core.node.blockHash(at: 117)
    try await core.call("invalidateblock", [.displayHash(block)])
    try await core.generateEmpty(3)
    try await follow()
    #expect(try await status() == .broadcast, "a reorg has put it back into the mempool")
    try await core.generate(6)
    try await follow()
    #expect(try await status() == .final)
    let statuses = try await database.read { connection in
      try [first.id, second.id].map {
        try OutgoingRecords.load($0, locking: false, in: connection)?.status
      }
    }
    #expect(statuses == [.replaced, .final])
    #expect(try await database.read { try ReplayCheck.differences(in: $0) } == [])
    try await database.close()
  }
}
