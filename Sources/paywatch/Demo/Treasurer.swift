internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Database
internal import Deployment
internal import Ethereum
internal import HTTPClient
internal import NodeRPC
internal import Payments
internal import Settings
internal import Settlement
internal import Watching

/// The demo's operator, who has no key: has transactions made, signed elsewhere, and taken in. What
/// `payctl payout build`, `payctl payout sweep` and `payctl payout broadcast` do; that nodes get
/// them is the running watchers' business.
struct Treasurer: Sendable {
  let bitcoin: ChainSettings
  let ethereum: ChainSettings
  let database: any Database
  let signer: OfflineSigner
  private let nodes: NodePool
  private let ethereumNodes: EthereumPool

  static let tenant = "demo"
  /// Where the tenant's own EVM account stands: beside the branch of the payments' addresses.
  static let treasuryPath = "44h/1h/0h/1/0"

  init(_ chains: [ChainSettings], database: any Database) throws {
    guard let bitcoin = chains.first(where: { $0.spec.family.chainID == nil }),
      let ethereum = chains.first(where: { $0.spec.family.chainID != nil })
    else { throw CommandFailure("the demo has a chain of each family") }
    self.bitcoin = bitcoin
    self.ethereum = ethereum
    self.database = database
    signer = try OfflineSigner()
    let (client, clock) = (try HTTPClient(), SystemRPCClock())
    nodes = try bitcoin.bitcoinPool(client: client, clock: clock, jitterSeed: 1)
    ethereumNodes = try ethereum.ethereumPool(client: client, clock: clock, jitterSeed: 2)
  }

  private static func random() -> (UInt64, UInt64) {
    (.random(in: .min ... .max), .random(in: .min ... .max))
  }

  // MARK: Making

  /// One transaction for all of the Bitcoin chain's refunds that are due.
  func payRefunds() async throws -> OutgoingTransaction {
    guard case .bitcoin(let settings) = bitcoin.payouts,
      let payouts = BitcoinPayouts(
        spec: bitcoin.spec,
        limits: .init(
          floor: FeeRate(satoshiPerKvB: settings.minimumSatoshiPerKvB),
          ceiling: FeeRate(satoshiPerKvB: settings.maximumSatoshiPerKvB), maximumFee: 100_000,
          maximumInputs: 100, minimumChange: 5_000))
    else { throw CommandFailure("\(bitcoin.spec.name) is no Bitcoin chain") }
    // The simulated node has no estimate.
    let order = BitcoinPayouts.Order(
      tenant: Self.tenant, feeRate: FeeRate(satoshiPerKvB: settings.fallbackSatoshiPerKvB),
      now: SystemTime().now, random: Self.random())
    let made = try await database.write { try payouts.payRefunds(order, in: $0).made }
    guard let made else { throw CommandFailure("no refund is due") }
    return made
  }

  /// Transactions that bring a token to the treasury, or the ether that its addresses need for
  /// that.
  ///
  /// - Parameter tokensPerEther: what the token is worth
  func sweep(_ asset: Asset, tokensPerEther: String) async throws -> [OutgoingTransaction] {
    guard case .ethereum(let settings) = ethereum.payouts,
      let fees = FeeBounds(
        tipFloor: settings.minimumPriorityFeePerGas, tipCeiling: settings.maximumFeePerGas,
        maxFeeCeiling: settings.maximumFeePerGas)
    else { throw CommandFailure("\(ethereum.spec.name) is no EVM chain") }
    var limits = EthereumPayouts.Limits(fees: fees)
    limits.sweepShare = settings.sweepShareBasisPoints
    let ether = try Amount(units: "1", asset: ethereum.spec.asset).minorUnits
    let price = try Amount(units: tokensPerEther, asset: asset).minorUnits
    guard let rate = SweepWorth.Rate(wei: ether, minorUnits: price),
      let payouts = EthereumPayouts(
        spec: ethereum.spec, pool: ethereumNodes, database: database, limits: limits)
    else { throw CommandFailure("\(ethereum.spec.name) can't be swept") }
    let outcome = try await payouts.sweep(
      asset.contract, weiPer: rate, tenant: Self.tenant, now: SystemTime().now,
      random: Self.random)
    if let left = outcome.left.first {
      throw CommandFailure("\(left.subject) isn't swept: \(left.reason)")
    }
    return outcome.made
  }

  // MARK: Signing

  /// Has it signed, and takes it in: from then on the watchers send it.
  func signAndTakeIn(_ transaction: OutgoingTransaction) async throws {
    let raw = try signer.signed(transaction)
    let spec = transaction.chain == bitcoin.spec.name ? bitcoin.spec : ethereum.spec
    _ = try await database.write {
      try OutgoingService.takeIn(
        raw, for: transaction.id, spec: spec, now: SystemTime().now, in: $0)
    }
  }

  // MARK: Checking

  /// What `payctl reconcile` finds on both chains: differences between the books and the nodes.
  func reconcile() async throws -> (addresses: Int, differences: [String]) {
    let clock = SystemRPCClock()
    let outcomes = [
      try await Reconciler(database: database, spec: bitcoin.spec, clock: clock).run(nodes),
      try await Reconciler(database: database, spec: ethereum.spec, clock: clock)
        .run(ethereumNodes),
    ]
    return (
      outcomes.reduce(0) { $0 + $1.addresses },
      outcomes.flatMap(\.rows).map { row in
        "\(row.kind.rawValue) \(row.address ?? "") \(row.asset ?? ""): expected "
          + "\(row.expected ?? "-"), found \(row.found ?? "-") \(row.explanation ?? "")"
      }
    )
  }

  /// All balances of the ledger, and the scripts of all addresses of ours on each family of chains.
  func books() async throws -> (balances: [LedgerBalance], scripts: [String: [[UInt8]]]) {
    try await database.read { connection in
      let rows = try connection.query("SELECT family, script FROM addresses")
      var scripts: [String: [[UInt8]]] = [:]
      for row in rows {
        scripts[try row.text("family"), default: []].append(try row.blob("script"))
      }
      return (try LedgerRecords.balances(in: connection), scripts)
    }
  }
}
