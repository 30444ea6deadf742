internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Database
internal import Ethereum
internal import Payments
internal import Settlement

struct PayoutBuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Makes the transactions that pay the tenant's approved refunds.",
    discussion: """
      On Bitcoin one transaction pays many, out of final coins; on EVM chains each refund has one, \
      from the treasury account. The coins and nonces are set aside until the transactions are \
      signed, replaced or given up. Refunds that can't be paid now are told with the reason. Where \
      a signed one of an EVM account isn't to be sent any more (its refund has ended, or a reorg \
      took back what it returns), one that uses its nonce up for nothing is made besides: later \
      nonces wait for it. \
      --refund and --limit keep a transaction within what the signer's policy allows for one.
      """)

  @OptionGroup var options: PayoutOptions

  @Option(help: "Where the file for the signer goes.", completion: .file())
  var out: String

  @Option(help: "Only this refund, ref_…. May be repeated.")
  var refund: [String] = []

  @Option(help: "The most refunds that are paid, 1 to 100.")
  var limit = 100

  @OptionGroup var feeRate: FeeRateOption

  @OptionGroup var nonces: NonceOption

  func validate() throws {
    guard (1...100).contains(limit) else { throw ValidationError("--limit is 1 to 100") }
    guard refund.count <= limit else {
      throw ValidationError("more refunds are named than --limit allows")
    }
  }

  func run() async throws {
    try PayoutDesk.checkFree(out)
    try await options.run("payout.build") { desk in
      let made: [OutgoingTransaction]
      let chosen = Set(refund)
      switch desk.spec.family {
      case .bitcoin:
        let (payouts, settings) = try desk.bitcoin(limit: limit)
        let order = try await desk.order(settings, rate: feeRate.rate)
        let outcome = try await desk.database.write {
          try payouts.payRefunds(order, chosen: chosen, in: $0)
        }
        desk.tell(outcome.left)
        if chosen.isEmpty { try await desk.tellUnpaid(besides: outcome.left.map(\.subject)) }
        made = outcome.made.map { [$0] } ?? []
      case .ethereum:
        let payouts = try desk.ethereum(passingOver: nonces.passOverNonces, limit: limit)
        let outcome = try await payouts.payRefunds(
          tenant: desk.tenant, chosen: chosen, now: desk.now, random: PayoutDesk.random)
        desk.tell(outcome.left)
        made = outcome.made
      }
      try await PayoutLines.finish(made, out, desk)
    }
  }
}

struct PayoutSweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Makes the transactions that bring payments' money to the tenant's own addresses.",
    discussion: """
      On EVM chains a token's address may lack ether for its gas: then a transaction that sends \
      some is made first, and the sweep by a later call. Nothing is made that costs more than the \
      configured share of what it brings.
      """)

  @OptionGroup var options: PayoutOptions

  @Option(help: "Where the file for the signer goes.", completion: .file())
  var out: String

  @Option(help: "The asset; by default the chain's own coin.")
  var asset: String?

  @Option(help: "Of a token: how many of its units an ether is worth.")
  var etherPrice: String?

  @OptionGroup var feeRate: FeeRateOption

  @OptionGroup var nonces: NonceOption

  @Option(help: "Bitcoin: the fewest coins that are worth a transaction.")
  var least = 2

  func run() async throws {
    try PayoutDesk.checkFree(out)
    try await options.run("payout.sweep") { desk in
      let made: [OutgoingTransaction]
      switch desk.spec.family {
      case .bitcoin:
        let (payouts, settings) = try desk.bitcoin()
        let (order, least) = (try await desk.order(settings, rate: feeRate.rate), least)
        made =
          try await desk.database.write {
            try payouts.sweep(order, least: least, in: $0)
          }.map { [$0] } ?? []
      case .ethereum:
        let asset = try desk.listed(asset)
        let outcome = try await desk.ethereum(passingOver: nonces.passOverNonces).sweep(
          asset.contract, weiPer: try rate(asset, desk.spec), tenant: desk.tenant, now: desk.now,
          random: PayoutDesk.random)
        desk.tell(outcome.left)
        made = outcome.made
      }
      try await PayoutLines.finish(made, out, desk)
    }
  }

  private func rate(_ asset: Asset, _ spec: ChainSpec) throws -> SweepWorth.Rate {
    guard asset.contract != nil else { return .coin }
    guard let etherPrice, let price = try? Amount(units: etherPrice, asset: asset),
      let ether = try? Amount(units: "1", asset: spec.asset),
      let rate = SweepWorth.Rate(wei: ether.minorUnits, minorUnits: price.minorUnits)
    else {
      throw CommandFailure("--ether-price says how many \(asset) an ether is worth, such as 3000")
    }
    return rate
  }
}

struct PayoutBumpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bump",
    abstract: "Makes a transaction that replaces one no block holds, for a higher fee.",
    discussion: "It uses the same coins or nonce: at most one of them is ever mined.")

  @OptionGroup var options: PayoutOptions

  @Argument(help: "The transaction's id, out_….")
  var id: String

  @Option(help: "Where the file for the signer goes.", completion: .file())
  var out: String

  @OptionGroup var feeRate: FeeRateOption

  func run() async throws {
    try PayoutDesk.checkFree(out)
    try await options.run("payout.bump", of: id) { desk in
      let made: OutgoingTransaction
      switch desk.spec.family {
      case .bitcoin:
        let (payouts, settings) = try desk.bitcoin()
        let (order, id) = (try await desk.order(settings, rate: feeRate.rate), id)
        made = try await desk.database.write { try payouts.replace(id, order, in: $0) }
      case .ethereum:
        made = try await desk.ethereum().replace(
          id, tenant: desk.tenant, now: desk.now, random: PayoutDesk.random)
      }
      try await PayoutLines.finish([made], out, desk)
    }
  }
}
