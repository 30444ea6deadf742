internal import ArgumentParser
internal import Audit
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import Database
internal import Deployment
internal import Ethereum
internal import Foundation
internal import HTTPClient
internal import JSON
internal import NodeRPC
internal import Payments
internal import Payouts
internal import Settings
internal import Settlement
internal import Watching

/// For which tenant, on which chain, with which configuration.
struct PayoutOptions: ParsableArguments {
  @Option(help: "paywatch's configuration: its database and its nodes.", completion: .file())
  var config: String

  @Option(help: "The chain, as the configuration names it.")
  var chain: String

  @Option(help: "Whose money it is.")
  var tenant: String

  /// Runs `body` with the chain's payouts and the open database.
  ///
  /// - Parameter action: as the audit log calls what is written; nil for what the watchers do, too
  func run<Value>(
    _ action: String?, of subject: String? = nil, _ body: (PayoutDesk) async throws -> Value
  ) async throws -> Value {
    let configuration: PaywatchConfiguration
    do throws(ConfigurationError) {
      configuration = try PaywatchConfiguration.load(
        config, environment: ProcessInfo.processInfo.environment)
    } catch {
      throw CommandFailure("\(config) can't be used:\n\(error)")
    }
    guard let settings = configuration.chains.first(where: { $0.spec.name.text == chain }) else {
      let known = configuration.chains.map(\.spec.name.text).joined(separator: ", ")
      throw CommandFailure("\(config) has no chain \(chain); it has \(known)")
    }
    guard let policies = configuration.tenants.first(where: { $0.id == tenant })?.policies else {
      throw CommandFailure("\(config) has no tenant \(tenant)")
    }
    let client = try HTTPClient()
    defer { client.shutdown() }
    return try await OpenDatabase.run(configuration.database) { open in
      let database: any Database =
        if let action {
          AuditedDatabase(
            base: open, author: Operator.author(for: tenant), action: action,
            subject: subject ?? chain, details: ["chain": .string(chain)])
        } else {
          open
        }
      let desk = PayoutDesk(
        tenant: tenant, settings: settings,
        approvers: RefundApprovers(policies.refunds.approvers), database: database, client: client)
      do {
        return try await body(desk)
      } catch {
        throw PayoutDesk.explained(error)
      }
    }
  }
}

/// At what rate a Bitcoin transaction is made.
struct FeeRateOption: ParsableArguments {
  @Option(help: "Bitcoin: satoshi for a virtual byte, such as 2.5; by default what nodes estimate.")
  var feeRate: String?

  private static let unit = Asset(symbol: "sat/vB", decimals: 3)

  /// Nil where the nodes are asked.
  var rate: FeeRate? {
    get throws {
      guard let feeRate else { return nil }
      guard let amount = try? Amount(units: feeRate, asset: Self.unit),
        let satoshi = amount.minorUnits.asUInt64
      else { throw ValidationError("--fee-rate is satoshi for a virtual byte, such as 2.5") }
      return FeeRate(satoshiPerKvB: satoshi)
    }
  }

  func validate() throws { _ = try rate }
}

/// What is done about an EVM account's nonces that were used by other means.
struct NonceOption: ParsableArguments {
  @Flag(
    help: """
      EVM chains: goes on behind nonces of the account that weren't used by transactions made here. \
      Only where it is known what used them (payctl reconcile).
      """)
  var passOverNonces = false
}

/// What the commands do on one chain.
struct PayoutDesk {
  let tenant: String
  let settings: ChainSettings
  let approvers: RefundApprovers
  let database: any Database
  let client: HTTPClient

  var spec: ChainSpec { settings.spec }
  var now: Timestamp { SystemTime().now }

  static func random() -> (UInt64, UInt64) {
    (.random(in: .min ... .max), .random(in: .min ... .max))
  }

  func bitcoinPool() throws -> NodePool {
    try settings.bitcoinPool(
      client: client, clock: SystemRPCClock(), jitterSeed: .random(in: .min ... .max))
  }

  func ethereumPool() throws -> EthereumPool {
    try settings.ethereumPool(
      client: client, clock: SystemRPCClock(), jitterSeed: .random(in: .min ... .max))
  }

  /// The asset that is called so; the chain's own coin where nothing is said.
  func listed(_ symbol: String?) throws -> Asset {
    guard let symbol else { return spec.asset }
    guard let listed = spec.listed(symbol) else {
      throw CommandFailure("\(spec.name) lists no \(symbol)")
    }
    return listed.asset
  }

  // MARK: Bitcoin

  /// 0.1 BTC: whatever rates say, no transaction of ours pays more.
  private static let maximumFee: UInt64 = 10_000_000
  /// Some 34,000 virtual bytes of P2WPKH: a third of what nodes relay.
  private static let maximumInputs = 500
  /// Satoshi that are worth an output which costs about 100 virtual bytes to make and spend, at
  /// rates up to 50 sat/vB.
  private static let minimumChange: UInt64 = 5_000

  /// - Parameter limit: the most refunds that one transaction pays
  func bitcoin(limit: Int = 100) throws -> (BitcoinPayouts, BitcoinPayoutSettings) {
    guard case .bitcoin(let payouts) = settings.payouts else {
      throw CommandFailure("\(spec.name) is no Bitcoin chain")
    }
    let limits = TransactionBuilder.Limits(
      floor: FeeRate(satoshiPerKvB: payouts.minimumSatoshiPerKvB),
      ceiling: FeeRate(satoshiPerKvB: payouts.maximumSatoshiPerKvB),
      maximumFee: Self.maximumFee, maximumInputs: Self.maximumInputs,
      minimumChange: Self.minimumChange)
    guard
      let made = BitcoinPayouts(
        spec: spec, limits: limits, maximumRefunds: limit,
        sweepShare: payouts.sweepShareBasisPoints, approvers: approvers)
    else { throw CommandFailure("\(spec.name) is no Bitcoin chain") }
    return (made, payouts)
  }

  /// What the nodes estimate, or the fallback where none can: the builder brings it into bounds.
  func order(_ payouts: BitcoinPayoutSettings, rate: FeeRate?) async throws -> BitcoinPayouts.Order
  {
    func estimated() async -> FeeRate {
      let blocks = UInt16(clamping: payouts.targetBlocks)
      let estimate = try? await bitcoinPool().serve { (node) async throws(NodeError) in
        // A node that has just started can't say yet; another may.
        guard let estimate = try await node.estimateFee(withinBlocks: blocks) else {
          throw .unusable("it has no estimate")
        }
        return estimate
      }.value
      return FeeRate(satoshiPerKvB: estimate ?? payouts.fallbackSatoshiPerKvB)
    }
    let feeRate = if let rate { rate } else { await estimated() }
    return BitcoinPayouts.Order(
      tenant: tenant, feeRate: feeRate, now: now, random: Self.random())
  }

  // MARK: EVM chains

  /// - Parameter passingOver: nonces that were used by other means
  /// - Parameter limit: the most transactions that one call makes
  func ethereum(passingOver: Bool = false, limit: Int = 100) throws -> EthereumPayouts {
    guard case .ethereum(let payouts) = settings.payouts else {
      throw CommandFailure("\(spec.name) is no EVM chain")
    }
    guard spec.isCredited else {
      throw CommandFailure("\(spec.name) is only watched: what is sent there couldn't be followed")
    }
    guard
      let fees = FeeBounds(
        tipFloor: payouts.minimumPriorityFeePerGas, tipCeiling: payouts.maximumFeePerGas,
        maxFeeCeiling: payouts.maximumFeePerGas)
    else { throw CommandFailure("the chain's payouts.gas contradicts itself") }
    var limits = EthereumPayouts.Limits(fees: fees)
    limits.sweepShare = payouts.sweepShareBasisPoints
    limits.passesOverNonces = passingOver
    limits.approvers = approvers
    limits.maximumTransactions = limit
    guard
      let made = EthereumPayouts(
        spec: spec, pool: try ethereumPool(), database: database, limits: limits)
    else { throw CommandFailure("\(spec.name) is no EVM chain") }
    return made
  }

  // MARK: Output

  /// Before anything is made: what couldn't be written then would have to be exported.
  static func checkFree(_ path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw CommandFailure("\(path) is there already, and is never overwritten")
    }
  }

  /// Writes the file for the signer; nothing that is there is overwritten.
  func write(_ transactions: [OutgoingTransaction], to path: String) async throws {
    let (spec, tenant, now) = (spec, tenant, now)
    let batch = try await database.read {
      try UnsignedBatch(transactions, spec: spec, tenant: tenant, now: now, in: $0)
    }
    let data = Data((batch.json.json + "\n").utf8)
    do {
      try data.write(to: URL(filePath: path), options: .withoutOverwriting)
    } catch {
      throw CommandFailure(
        "\(path) can't be written: \(error.localizedDescription); the transactions are made: "
          + "payctl payout export writes them again")
    }
  }

  /// Names the refunds that were due and are in no transaction, but for those that were told.
  func tellUnpaid(besides told: [String]) async throws {
    let (tenant, chain, now) = (tenant, spec.name, now)
    let left = try await database.read {
      try RefundRecords.due(tenant: tenant, on: chain, now: now, in: $0)
    }
    for id in left where !told.contains(id) {
      StandardError.writeLine(
        "payctl: \(id) isn't in it: build again; where it stays, the chain took back what it was to "
          + "return")
    }
  }

  /// Says what wasn't done, and why.
  func tell(_ left: [(subject: String, reason: String)]) {
    for left in left { StandardError.writeLine("payctl: \(left.subject): \(left.reason)") }
  }

  static func explained(_ error: any Error) -> any Error {
    switch error {
    case let error as BitcoinPayouts.Failure: CommandFailure("nothing was made: \(error)")
    case let error as EthereumPayouts.Failure: CommandFailure("nothing was made: \(error)")
    case let error as PayoutRefusal: CommandFailure("nothing was made: \(error)")
    case let error as RefundRefusal: CommandFailure("nothing was made: \(error)")
    case let error as OutgoingService.Refusal: CommandFailure("refused: \(error)")
    case let error as NodePoolError: CommandFailure("no node answers: \(error)")
    default: error
    }
  }
}
