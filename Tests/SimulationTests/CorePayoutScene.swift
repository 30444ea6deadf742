import Addresses
import Bitcoin
import Bytes
import ChainSim
import ChainTypes
import Database
import Foundation
import JSON
import Keys
import NodeRPC
import Payments
import Payouts
import Settlement
import Simulation
import TestDatabases
import TestSupport
import Testing
import Watching

/// A pipeline on Bitcoin Core, whose keys are on a machine that signs offline.
final class CorePayoutScene {
  static let tenant = "roastery"
  private static let words = "test test test test test test test test test test test junk"

  let core: BitcoinCore
  let database: any Database
  let pipeline: Pipeline
  private let settings = PipelineSettings()
  /// What the machine offline says is the account, with its origin.
  private let account: Descriptor
  private let machine: SigningMachine
  private var orders: UInt64 = 0

  var spec: ChainSpec { settings.spec }

  init(_ core: BitcoinCore, _ script: SingleKeyScript) async throws {
    self.core = core
    try await core.generate(110)
    account = try await Self.account(script)
    machine = try Self.machine(account)
    database = try await TestDatabase()
    try await Pipeline.migrate(database)
    pipeline = try Pipeline(
      nodes: [core.node], database: database, settings: settings, time: SystemTime(),
      clock: SystemRPCClock(), watchKey: (.random(in: 0 ... .max), .random(in: 0 ... .max)))
    let keys = AccountKeys.bitcoin(account)
    for (keys, purpose) in [(keys, .payments), (try keys.onBranch(1), .treasury)]
      as [(AccountKeys?, AccountPurpose)]
    {
      try await pipeline.addresses.register(
        AddressPool.Account(
          tenant: Self.tenant, region: settings.region, epoch: 0, keys: #require(keys),
          purpose: purpose))
    }
    try await pipeline.fill()
    try await follow()
  }

  private static func account(_ script: SingleKeyScript) async throws -> Descriptor {
    struct Answer: Decodable { let descriptor: String }
    let outcome = try await Program.payctl.finish(
      [
        "keys", "account", "--network", "regtest", "--purpose", "\(script.purpose)", "--format",
        "json",
      ], input: words + "\n")
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try Descriptor(outcome.object(Answer.self).descriptor, network: .regtest)
  }

  private static func machine(_ account: Descriptor) throws -> SigningMachine {
    let chains = PackageFiles.root.appending(path: "chains").path(percentEncoded: false)
    return try SigningMachine(
      in: TemporaryDirectory(),
      policy: """
        chains:
          - spec: \(chains)/bitcoin-regtest.yaml
            accounts: ["\(account.text)"]
            refunds: any
            maximum_fee: "0.001"
            maximum_fee_rate: "500"
            limits: [{ asset: BTC, per_transaction: "0.01", per_day: "0.05" }]

        """, words: words)
  }

  func follow() async throws {
    while try await pipeline.step().isBusy {}
  }

  func mine(_ count: Int) async throws {
    try await core.generate(count)
    try await follow()
  }

  // MARK: Payments and refunds

  /// A payment of `amount` that gets `value` out of the coinbase at its own number; in no block.
  func pay(_ amount: UInt64, with value: UInt64) async throws -> (Payment, Transaction) {
    orders += 1
    let payment = try await pipeline.request(
      amount, tenant: Self.tenant, order: "\(orders)", random: (orders, 2))
    let paid = TransactionOutput(
      value: value, scriptPubKey: try SimulatedWorld.script(of: payment.terms))
    let funding = try await core.spend(
      coinbaseAt: UInt32(orders), paying: [paid], fee: 1_000)
    _ = try await core.node.send(funding.bytes)
    return (payment, funding)
  }

  func overpayment(of payment: Payment, to address: String) async throws -> Refund {
    let service = RefundService(specs: [spec], policies: [:])
    let request = RefundRequest(
      payment: payment.terms.id, kind: .overpayment, address: address, requestedBy: "ann")
    return try await database.write {
      try service.request(
        request, tenant: Self.tenant, now: SystemTime().now, random: (3, 4), in: $0)
    }
  }

  func status(_ refund: Refund) async throws -> RefundStatus? {
    try await database.read {
      try RefundRecords.load(refund.terms.id, locking: false, in: $0)?.status
    }
  }

  // MARK: Transactions

  func build<Value: Sendable>(
    rate: UInt64,
    _ body:
      @escaping @Sendable (BitcoinPayouts, BitcoinPayouts.Order, any SQLConnection) throws -> Value
  ) async throws -> Value {
    let payouts = try #require(
      BitcoinPayouts(
        spec: spec,
        limits: .init(
          ceiling: FeeRate(satoshiPerKvB: 500_000), maximumFee: 100_000, maximumInputs: 100)))
    let order = BitcoinPayouts.Order(
      tenant: Self.tenant, feeRate: FeeRate(satoshiPerKvB: rate), now: SystemTime().now,
      random: (.random(in: 0 ... .max), .random(in: 0 ... .max)))
    return try await database.write { try body(payouts, order, $0) }
  }

  /// Has it signed offline, takes in what comes back, and gives it to the node.
  func send(_ made: OutgoingTransaction) async throws {
    let (spec, now) = (spec, SystemTime().now)
    let batch = try await database.read {
      try UnsignedBatch([made], spec: spec, tenant: Self.tenant, now: now, in: $0)
    }
    let file = try await machine.sign(Array(batch.json.indentedJSON.utf8))
    let signed = try #require(try SignedBatch(parsing: file).transactions.first)
    #expect(signed.transaction == batch.transactions.first)
    _ = try await database.write {
      try OutgoingService.takeIn(signed.raw, for: made.id, spec: spec, now: now, in: $0)
    }
    let report = try await OutgoingBroadcaster(
      chain: spec.name, database: database, pool: pipeline.pool
    ).step(now: SystemTime().now)
    #expect((report.sent, report.refused) == (1, 0), "\(report.notes)")
    #expect(signed.txid == made.txid)
  }

  func statuses() async throws -> [OutgoingStatus] {
    try await database.read {
      try OutgoingRecords.list(in: OutgoingStatus.allCases, limit: 100, in: $0).map(\.status)
    }
  }

  /// Somebody who has the words too spends what a payment got, past the database.
  func spendAround(_ payment: Payment, _ funding: Transaction) async throws -> Outpoint {
    let script = try SimulatedWorld.script(of: payment.terms)
    let vout = try #require(funding.outputs.firstIndex { $0.scriptPubKey == script })
    let (coin, value) = (
      Outpoint(txid: funding.txid, vout: UInt32(vout)), funding.outputs[vout].value
    )
    let index = try #require(
      try (0..<100 as Range<UInt32>).first {
        try account.outputScript(at: $0).scriptPubKey == script
      })
    let master = try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: Self.words).seed())
    let own = try #require(account.key.origin)
    let path = own.path.appending(ChildNumber(rawValue: 0)).appending(ChildNumber(rawValue: index))
    let derivation = PSBTDerivation(
      key: try master.descendant(path).key.publicKey,
      origin: KeyOrigin(fingerprint: own.fingerprint, path: path))
    var psbt = PSBT(
      unsigned: Transaction(
        inputs: [TransactionInput(outpoint: coin)],
        outputs: [TransactionOutput(value: value - 1_000, scriptPubKey: Faucet.scriptPubKey)]))
    psbt.inputs[0].nonWitnessUTXO = funding
    psbt.inputs[0].witnessUTXO = funding.outputs[vout]
    if account.script == .tr {
      psbt.inputs[0].setTaprootInternalKey(derivation)
    } else {
      psbt.inputs[0].addDerivation(derivation)
    }
    #expect(try PSBTSigner(master).sign(&psbt).signed == [0])
    #expect(psbt.finalize().isEmpty)
    _ = try await core.node.send(psbt.extractTransaction().bytes)
    return coin
  }

  /// What the node's own list of coins has otherwise than the books.
  func reconcile() async throws -> [ReconciliationRow] {
    let outcome = try await Reconciler(
      database: database, spec: spec, clock: SystemRPCClock()
    ).run(pipeline.pool)
    #expect(outcome.addresses > 0)
    return outcome.rows
  }
}
