import Bitcoin
import Bytes
import ChainSim
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

/// A pipeline on a Bitcoin node with what signs and sends its transactions.
final class PayoutScene {
  static let tenant = "roastery"

  let world: SimulatedWorld
  var now: Timestamp { world.time.now }
  private var orders = 0

  init() async throws {
    world = try await SimulatedWorld(seed: 3, database: TestDatabase.simulated)
    try await world.fill()
    try await world.stepUntilQuiet()
  }

  var database: any Database { world.database }
  var spec: ChainSpec { world.settings.spec }
  var node: SimulatedBitcoinNode { world.links[0].node }

  func pass(seconds: Int64) { world.time.advance(milliseconds: seconds * 1_000) }

  // MARK: Payments and refunds

  /// A payment of `amount` that got `value` in one transaction.
  func pay(
    _ amount: UInt64, with value: UInt64, confirmations: Int = 6
  ) async throws -> Payment {
    orders += 1
    let payment = try await world.request(amount, order: "order-\(orders)")
    try node.pay(try world.script(of: payment.terms), value: value)
    try await mine(confirmations)
    return payment
  }

  /// - Parameter amount: of a partial refund only
  func refund(
    _ payment: Payment, _ kind: RefundTerms.Kind, _ amount: UInt256? = nil, to address: String,
    feePayer: RefundTerms.FeePayer = .shop
  ) async throws -> Refund {
    orders += 1
    var policy = TenantPolicy()
    policy.refunds.feePayer = feePayer
    let service = RefundService(specs: [spec], policies: [Self.tenant: policy])
    let request = RefundRequest(
      payment: payment.terms.id, kind: kind, amount: amount, address: address, requestedBy: "ann")
    let (now, number) = (now, UInt64(orders))
    return try await database.write {
      try service.request(
        request, tenant: Self.tenant, now: now, random: (number, number), in: $0)
    }
  }

  func status(_ refund: Refund) async throws -> RefundStatus? {
    try await database.read {
      try RefundRecords.load(refund.terms.id, locking: false, in: $0)?.status
    }
  }

  func outgoing(_ id: String) async throws -> OutgoingTransaction? {
    try await database.read { try OutgoingRecords.load(id, locking: false, in: $0) }
  }

  // MARK: Transactions

  func build<Value: Sendable>(
    rate: UInt64 = 5_000, maximumInputs: Int = 100,
    _ body:
      @escaping @Sendable (BitcoinPayouts, BitcoinPayouts.Order, any SQLConnection) throws
      -> Value
  ) async throws -> Value {
    let order = BitcoinPayouts.Order(
      tenant: Self.tenant, feeRate: FeeRate(satoshiPerKvB: rate), now: now,
      random: (.random(in: 0 ... .max), .random(in: 0 ... .max)))
    let payouts = try #require(
      BitcoinPayouts(
        spec: spec,
        limits: .init(
          ceiling: FeeRate(satoshiPerKvB: 500_000), maximumFee: 100_000,
          maximumInputs: maximumInputs)))
    return try await database.write { try body(payouts, order, $0) }
  }

  /// What holds the keys: no server does.
  static func signed(_ transaction: OutgoingTransaction) throws -> [UInt8] {
    try signed(PSBT(base64: transaction.unsigned))
  }

  private static func signed(_ unsigned: PSBT) throws -> [UInt8] {
    let account = try Pipeline.accountPrivateKey()
    var psbt = unsigned
    let report = try PSBTSigner(account).sign(&psbt, auxiliary: .zero, trustsValues: false)
    #expect(report.signed == Array(psbt.inputs.indices))
    #expect(psbt.finalize().isEmpty)
    return try psbt.extractTransaction().bytes
  }

  /// Signs it apart, takes it in and gives it to the node.
  func send(_ transaction: OutgoingTransaction) async throws {
    try await takeIn(transaction)
    try await broadcast()
  }

  func takeIn(_ transaction: OutgoingTransaction) async throws {
    let (raw, spec, now) = (try Self.signed(transaction), spec, now)
    try await database.write {
      try OutgoingService.takeIn(raw, for: transaction.id, spec: spec, now: now, in: $0)
      return
    }
  }

  /// Gives it to the node, and tells the database nothing.
  func sendAround(_ transaction: OutgoingTransaction) async throws {
    _ = try node.accept(Transaction(bytes: Self.signed(transaction)))
  }

  /// Somebody who has the key too spends its coins on something else.
  func spendAround(_ transaction: OutgoingTransaction) async throws {
    let made = try PSBT(base64: transaction.unsigned)
    let value = made.transaction.outputs.reduce(0) { $0 + $1.value }
    var other = PSBT(
      unsigned: Transaction(
        inputs: made.transaction.inputs,
        outputs: [TransactionOutput(value: value, scriptPubKey: Faucet.scriptPubKey)]))
    other.inputs = made.inputs
    _ = try node.accept(Transaction(bytes: Self.signed(other)))
  }

  /// Gives nodes what waits, as the program does.
  func broadcastOverPool() async throws -> OutgoingBroadcaster.Report {
    try await OutgoingBroadcaster(
      chain: spec.name, database: database, pool: world.process.pool
    ).step(now: now)
  }

  /// Why nodes didn't take it at last.
  func note(of transaction: OutgoingTransaction) async throws -> String? {
    let id = transaction.id
    return try await database.read {
      try $0.queryFirst("SELECT note FROM outgoing WHERE outgoing_id = $1", [.text(id)])?
        .optionalText("note")
    }
  }

  func broadcast() async throws {
    let node = node
    let broadcaster = OutgoingBroadcaster(chain: spec.name, database: database) { raw in
      do {
        _ = try node.accept(Transaction(bytes: raw))
        return .taken
      } catch {
        return .refused("\(error)")
      }
    }
    _ = try await broadcaster.step(now: now)
  }

  // MARK: The chain

  func mine(_ count: Int) async throws {
    try node.mine(count)
    try await world.stepUntilQuiet()
  }

  /// Another branch takes the place of the last blocks, with a transaction of theirs in its first
  /// block; the watcher meets all of it in one step.
  func reorganize(leaving depth: UInt32, minedAgain transaction: OutgoingTransaction) async throws {
    try node.fork(
      depth: depth, blocks: depth + 1,
      including: [Transaction(bytes: Self.signed(transaction))])
    node.loseMempool()
    try await world.stepUntilQuiet()
  }

  /// Another branch takes the place of the last blocks; what stood in them is nowhere.
  func reorganize(leaving depth: UInt32, mining count: UInt32) async throws {
    try node.fork(depth: depth, blocks: count)
    node.loseMempool()
    try await world.stepUntilQuiet()
  }

  /// To the satoshi: what the ledger says is ours stands on the chain on addresses of ours.
  func expectLedgerMatchesChain() async throws {
    let (balances, scripts) = try await database.read { connection in
      try (
        LedgerRecords.balances(in: connection),
        connection.query("SELECT script FROM addresses").map { try $0.blob("script") }
      )
    }
    let sums = try balances.filter { $0.account == .treasury }.reduce(UInt256.zero) {
      try $0.adding($1.debit).subtracting($1.credit)
    }
    let debits = try balances.reduce(UInt256.zero) { try $0.adding($1.debit) }
    let credits = try balances.reduce(UInt256.zero) { try $0.adding($1.credit) }
    #expect(debits == credits)
    let own = Set(scripts)
    var there = UInt256.zero
    let machine = node.machine
    for height in 0...machine.tip.ref.height {
      for known in try #require(machine.block(at: height)).transactions {
        for (vout, output) in known.transaction.outputs.enumerated()
        where own.contains(output.scriptPubKey)
          && machine.coin(Outpoint(txid: known.txid, vout: UInt32(vout))) != nil
        {
          there = try there.adding(UInt256(output.value))
        }
      }
    }
    #expect(sums == there)
  }
}
