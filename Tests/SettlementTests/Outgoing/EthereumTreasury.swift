import Addresses
import Bytes
import ChainSim
import ChainTypes
import Database
import Ethereum
import JSON
import Keys
import NodeRPC
import Payments
import Payouts
import Settlement
import TestSupport
import Testing
import Watching

/// Money out of an EVM chain: operators ask for it, a signer signs it apart, nodes are given it.
struct EthereumTreasury: Sendable {
  let spec: ChainSpec
  let pool: EthereumPool
  let database: any Database
  /// Who signs; nil where the tests' own hand does.
  var signer: SigningMachine?
  let now: @Sendable () -> Timestamp

  /// Somebody else's.
  static let payer = "0x1111111111111111111111111111111111111111"

  static let random: EthereumPayouts.Randomness = {
    (.random(in: 0 ... .max), .random(in: 0 ... .max))
  }

  static var address: EthereumAddress {
    get throws { try EthereumPaymentTests.account().onBranch(1).address(at: 0) }
  }

  // MARK: Operators

  func payouts(
    tipFloor: UInt256 = 1, tipCeiling: UInt256 = 1_000_000_000, passingOver: Bool = false
  ) throws -> EthereumPayouts {
    let bounds = try #require(
      FeeBounds(tipFloor: tipFloor, tipCeiling: tipCeiling, maxFeeCeiling: UInt256(500_000_000_000))
    )
    var limits = EthereumPayouts.Limits(fees: bounds)
    limits.passesOverNonces = passingOver
    return try #require(
      EthereumPayouts(spec: spec, pool: pool, database: database, limits: limits))
  }

  /// - Parameters:
  ///   - amount: of a partial refund only
  ///   - number: makes its id, which sorts by it
  func refund(
    _ payment: Payment, _ kind: RefundTerms.Kind, _ amount: UInt256? = nil,
    to address: String = payer, policy: RefundPolicy = RefundPolicy(), number: UInt64 = 1
  ) async throws -> Refund {
    var policies = TenantPolicy()
    policies.refunds = policy
    let service = RefundService(specs: [spec], policies: ["shop": policies])
    let request = RefundRequest(
      payment: payment.terms.id, kind: kind, amount: amount, address: address, requestedBy: "ann")
    let now = now()
    return try await database.write {
      try service.request(request, tenant: "shop", now: now, random: (number, number), in: $0)
    }
  }

  /// - Parameter passingOver: whether somebody has said that nonces used elsewhere may be
  func payRefunds(passingOver: Bool = false) async throws -> EthereumPayouts.Outcome {
    try await payouts(passingOver: passingOver)
      .payRefunds(tenant: "shop", now: now(), random: Self.random)
  }

  func sweep(
    _ contract: Hash20? = nil, weiPer: SweepWorth.Rate = .coin
  ) async throws -> EthereumPayouts.Outcome {
    try await payouts().sweep(
      contract, weiPer: weiPer, tenant: "shop", now: now(), random: Self.random)
  }

  func replace(_ id: String, tipCeiling: UInt256 = 1_000_000_000) async throws
    -> OutgoingTransaction
  {
    try await payouts(tipCeiling: tipCeiling).replace(
      id, tenant: "shop", now: now(), random: Self.random)
  }

  func void(_ id: String, tipCeiling: UInt256 = 1_000_000_000) async throws
    -> OutgoingTransaction
  {
    try await payouts(tipCeiling: tipCeiling).void(
      id, tenant: "shop", now: now(), random: Self.random)
  }

  func cancel(_ id: String) async throws {
    let now = now()
    try await database.write { try OutgoingService.cancel(id, now: now, in: $0) }
  }

  // MARK: The signer and the sender

  /// What holds the keys: no server does.
  private static func key(at path: String) throws -> PrivateKey {
    let words = "test test test test test test test test test test test junk"
    return try ExtendedPrivateKey(seed: Mnemonic(secretPhrase: words).seed())
      .descendant(DerivationPath(path)).key
  }

  static func unsigned(_ transaction: OutgoingTransaction) throws -> EthereumTransaction {
    try EthereumTransaction(unsigned: Hex.decode(transaction.unsigned.dropFirst(2)))
  }

  static func signed(_ transaction: OutgoingTransaction) throws -> [UInt8] {
    let key = try key(at: #require(transaction.keyPath))
    return try unsigned(transaction).signed(by: key).encoded
  }

  /// A transaction of the treasury's account that the database knows nothing of: wei to `payer`.
  func signedElsewhere(nonce: UInt64, wei: UInt256 = 1) throws -> [UInt8] {
    let caps = EthereumTransaction.FeeCaps(
      maxPriorityFeePerGas: 1_000_000_000, maxFeePerGas: 50_000_000_000)
    return try EthereumTransaction(
      chainID: #require(spec.family.chainID), nonce: nonce, to: EthereumAddress(Self.payer),
      value: wei, input: [], gasLimit: 21_000, caps: caps
    ).signed(by: Self.key(at: "m/44h/60h/0h/1/0")).encoded
  }

  /// Gives a node what is signed, past the database.
  func give(_ raw: [UInt8]) async throws {
    _ = try await pool.serve { (node) async throws(NodeError) in try await node.send(raw) }
  }

  func takeIn(_ transaction: OutgoingTransaction) async throws { try await takeIn([transaction]) }

  private func takeIn(_ made: [OutgoingTransaction], unpaid: [Refund] = []) async throws {
    let (signed, spec, now) = (try await sign(made, unpaid: unpaid), spec, now())
    try await database.write { connection in
      for (id, raw) in signed {
        try OutgoingService.takeIn(raw, for: id, spec: spec, now: now, in: connection)
      }
    }
  }

  private func sign(
    _ made: [OutgoingTransaction], unpaid: [Refund]
  ) async throws -> [(id: String, raw: [UInt8])] {
    guard let signer else { return try made.map { ($0.id, try Self.signed($0)) } }
    let (spec, now) = (spec, now())
    let batch = try await database.read {
      try UnsignedBatch(made, spec: spec, tenant: "shop", now: now, in: $0)
    }
    let file = try await signer.sign(
      Array(batch.json.indentedJSON.utf8), unpaid: unpaid.map(\.terms.id))
    let signed = try SignedBatch(parsing: file).transactions
    #expect(signed.map(\.transaction) == batch.transactions)
    return signed.map { ($0.transaction.id.description, $0.raw) }
  }

  /// - Parameter seconds: so much later than now
  func broadcast(after seconds: Int64 = 0) async throws -> OutgoingBroadcaster.Report {
    try await OutgoingBroadcaster(chain: spec.name, database: database, pool: pool)
      .step(now: now().adding(seconds: seconds))
  }

  /// Has them signed, taken in and sent.
  ///
  /// - Parameter unpaid: refunds that were signed before and can't be mined any more
  func send(_ made: [OutgoingTransaction], unpaid: [Refund] = []) async throws {
    try await takeIn(made, unpaid: unpaid)
    let report = try await broadcast()
    #expect((report.sent, report.refused) == (made.count, 0))
  }

  // MARK: What became of it

  func status(_ refund: Refund) async throws -> RefundStatus? {
    try await load(refund)?.status
  }

  func load(_ refund: Refund) async throws -> Refund? {
    try await database.read {
      try RefundRecords.load(refund.terms.id, locking: false, in: $0)
    }
  }

  func load(_ transaction: OutgoingTransaction) async throws -> OutgoingTransaction {
    let loaded = try await database.read {
      try OutgoingRecords.load(transaction.id, locking: false, in: $0)
    }
    return try #require(loaded)
  }

  func refundable(_ payment: Payment) async throws -> UInt256? {
    try await database.read {
      try PaymentRecords.load(payment.terms.id, locking: false, in: $0)?.refundable
    }
  }

  /// What each account has of one asset, debits less credits; they sum to zero.
  func ledger(_ contract: Hash20? = nil) async throws -> [LedgerAccount: Int] {
    let balances = try await database.read { try LedgerRecords.balances(in: $0) }
    var sums: [LedgerAccount: Int] = [:]
    for balance in balances where balance.contract == contract {
      sums[balance.account, default: 0] +=
        try #require(Int(balance.debit.decimal)) - #require(Int(balance.credit.decimal))
    }
    #expect(sums.values.reduce(0, +) == 0)
    return sums.filter { $0.value != 0 }
  }

  func balance(of address: EthereumAddress) async throws -> Int {
    let wei = try await pool.serve { (node) async throws(NodeError) in
      try await node.balance(of: address)
    }.value
    return try #require(Int(wei.decimal))
  }

  /// What the nodes have otherwise than the books.
  func reconcile() async throws -> [ReconciliationRow] {
    try await Reconciler(database: database, spec: spec, clock: SystemRPCClock()).run(pool).rows
  }

  /// What making events and entries from the stored facts again gives otherwise.
  func differences() async throws -> [String] {
    try await database.read { try ReplayCheck.differences(in: $0) }
  }
}

extension EthereumScene {
  /// A payment of 1,000 wei that got 3,000, and a treasury with an ether, all final.
  func overpaid() async throws -> Payment {
    let payment = try await pay("ETH", 1_000)
    try node.send(.ether(3_000, to: payment.address))
    try node.send(.ether(1_000_000_000_000_000_000, to: EthereumTreasury.address))
    try await mine(12)
    return payment
  }
}
