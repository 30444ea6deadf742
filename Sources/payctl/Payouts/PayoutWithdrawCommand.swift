internal import ArgumentParser
internal import Bytes
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

struct PayoutWithdrawCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: "Makes the transaction that takes revenue from the tenant's own addresses.",
    discussion: """
      Where to, the signer decides: its policy must list the address among its destinations. Only \
      final money on the tenant's own addresses is taken, which sweeps bring there, and never what \
      its refunds wait for.
      """)

  @OptionGroup var options: PayoutOptions

  @Option(help: "Where to.")
  var to: String

  @Option(help: "The asset; by default the chain's own coin.")
  var asset: String?

  @Option(help: "How much arrives, in units of the asset, such as 0.5.")
  var amount: String?

  @Flag(help: "All that is free; the fee comes out of the chain's own coin.")
  var all = false

  @Option(help: "Where the file for the signer goes.", completion: .file())
  var out: String

  @OptionGroup var feeRate: FeeRateOption

  @OptionGroup var nonces: NonceOption

  func validate() throws {
    guard (amount == nil) == all else { throw ValidationError("Give --amount or --all.") }
  }

  func run() async throws {
    try PayoutDesk.checkFree(out)
    try await options.run("payout.withdraw", of: to) { desk in
      let asset = try desk.listed(asset)
      let amount = try amount.map { text in
        guard let amount = try? Amount(units: text, asset: asset), amount.minorUnits > .zero else {
          throw CommandFailure(
            "--amount is a number in \(asset.symbol) with at most \(asset.decimals) decimals")
        }
        return amount.minorUnits
      }
      let made: OutgoingTransaction
      switch desk.spec.family {
      case .bitcoin:
        let (payouts, settings) = try desk.bitcoin()
        let (order, to) = (try await desk.order(settings, rate: feeRate.rate), to)
        let satoshi = amount.map { $0.asUInt64 ?? .max }
        made = try await desk.database.write {
          try payouts.withdraw(satoshi, to: to, order, in: $0)
        }
      case .ethereum:
        made = try await desk.ethereum(passingOver: nonces.passOverNonces).withdraw(
          amount, of: asset.contract, to: to, tenant: desk.tenant, now: desk.now,
          random: PayoutDesk.random)
      }
      try await PayoutLines.finish([made], out, desk)
    }
  }
}
