internal import ArgumentParser
internal import Audit
internal import Bytes
internal import ChainTypes
internal import Database
internal import Deployment
internal import Foundation
internal import Payments
internal import Settings
internal import Settlement
internal import Watching

struct RefundRequestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "request", abstract: "Sends back what a payment received, or a part of it.",
    discussion: """
      The configuration says what the tenant's refunds are subject to: approvals, and how long an \
      address waits that isn't the one that was named first. Only what is final can be sent back, \
      and only once. The refund waits for approval, or for a transaction that pays it (payctl \
      payout build). Where the policy lists approvers, --by proves nothing by itself: an attestation \
      that this approver signed does, else one approval more is needed.
      """)

  @Option(help: "paywatch's configuration: its database, chains and policies.", completion: .file())
  var config: String

  @Argument(help: "The payment: pay_…")
  var payment: String

  @Option(help: "full (all that is left), partial or overpayment.")
  var kind: String = RefundTerms.Kind.full.rawValue

  @Option(help: "How much, of a partial refund: in units of the asset, such as 0.0015.")
  var amount: String?

  @Option(help: "Where to; by default the address that was named with the payment.")
  var address: String?

  @Option(help: "Why; it is recorded.")
  var reason: String?

  @Option(
    help: "A JSON file with a signed message: kind (bip322, eip191), signer, message, signature.",
    completion: .file())
  var attestation: String?

  @Option(help: "Who requests it; it is recorded.")
  var by: String

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  func validate() throws {
    try PaymentDecision.check(by: by)
    guard let kind = RefundTerms.Kind(rawValue: kind) else {
      let known = RefundTerms.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--kind is one of \(known)")
    }
    guard (kind == .partial) == (amount != nil) else {
      throw ValidationError("--amount belongs to --kind partial, and to that only")
    }
  }

  func run() async throws {
    let configuration = try configuration()
    let service = RefundService(configuration)
    let (now, units) = (SystemTime().now, amount)
    let request = RefundRequest(
      payment: payment, kind: RefundTerms.Kind(rawValue: kind) ?? .full, address: address,
      attestation: try attestation.map(Self.attestation), requestedBy: by,
      isRequesterProved: false, reason: reason)
    var generator = SystemRandomNumberGenerator()
    let random = (generator.next(), generator.next())
    let refund = try await RefundOutput.refusing {
      try await OpenDatabase.run(configuration.database) { database in
        try await database.write { connection in
          var request = request
          if let units {
            let payment = try PaymentService.forDecisions.payment(
              request.payment, tenant: nil, in: connection)
            request.amount = try Self.minorUnits(units, of: payment.terms.asset)
          }
          let refund = try service.request(
            request, tenant: nil, now: now, random: random, in: connection)
          try Operator.author(by: request.requestedBy, for: refund.terms.tenant)
            .note(requested: refund.terms, now: now, in: connection)
          return refund
        }
      }
    }
    try RefundOutput.write(refund, format)
  }

  private static func minorUnits(_ text: String, of asset: Asset) throws -> UInt256 {
    do {
      return try Amount(units: text, asset: asset).minorUnits
    } catch {
      throw CommandFailure(
        "--amount is a number in \(asset.symbol) with at most \(asset.decimals) decimals")
    }
  }

  /// No message and signature have more.
  private static let maximumAttestationBytes = 16_384

  private static func attestation(_ path: String) throws -> RefundAttestation {
    guard let file = try? FileHandle(forReadingFrom: URL(filePath: path)),
      let data = try file.read(upToCount: maximumAttestationBytes)
    else { throw CommandFailure("\(path) can't be read, or is empty") }
    try file.close()
    do {
      return try JSONDecoder().decode(RefundAttestation.self, from: data)
    } catch {
      throw CommandFailure(
        "\(path) is no JSON object with kind (bip322, eip191), signer, message and signature")
    }
  }

  private func configuration() throws -> PaywatchConfiguration {
    do throws(ConfigurationError) {
      return try PaywatchConfiguration.load(
        config, environment: ProcessInfo.processInfo.environment)
    } catch {
      throw CommandFailure("\(config) can't be used:\n\(error)")
    }
  }
}
