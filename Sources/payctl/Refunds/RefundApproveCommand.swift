internal import ArgumentParser
internal import Audit
internal import Database
internal import Deployment
internal import Ethereum
internal import Payments
internal import Payouts
internal import Settlement
internal import Watching

struct RefundApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approves a refund that somebody else requested.",
    discussion: """
      Once as many people as the tenant's policy wants have, it can be paid. Where the policy lists \
      approvers (refunds.approvers), name the configuration, and sign: with a key file or words, of \
      which the key at m/44h/60h/0h/0/0 is taken, or with any wallet, whose signature --signature \
      gives. Without either the text to sign is shown.
      """)

  @OptionGroup var place: BooksDatabase

  @Argument(help: "The refund: ref_…")
  var refund: String

  @Option(help: "Who approves; it is recorded. Where approvers are listed, one of their names.")
  var by: String

  @Option(help: "The approver's signature under the text: EIP-191 or BIP-0322 (simple).")
  var signature: String?

  @OptionGroup var keys: KeyOptions

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  func validate() throws {
    try PaymentDecision.check(by: by)
    guard signature == nil || !keys.areGiven else {
      throw ValidationError("--signature stands alone, without keys")
    }
  }

  func run() async throws {
    let service =
      try place.config.map { RefundService(try BooksDatabase.configuration($0)) }
      ?? RefundService.forDecisions
    let (id, name, now) = (refund, by, SystemTime().now)
    let key = keys.areGiven ? try keys.operatorKey() : nil
    let approved = try await RefundOutput.refusing {
      try await place.run { database in
        try await database.write { connection in
          var signature = signature
          if let key {
            let terms = try service.refund(id, tenant: nil, in: connection)?.terms
            let statement = terms.flatMap { ApprovalStatement(approving: $0, by: name) }
            signature = statement.map {
              PersonalMessage.signature(of: Array($0.text.utf8), by: key)
            }
          }
          let approved = try service.approve(
            id, by: name, signature: signature, tenant: nil, now: now, in: connection)
          try Operator.author(by: name, for: approved.terms.tenant).note(
            .approved(by: name, proof: approved.approvals.last?.proof), of: id, now: now,
            in: connection)
          return approved
        }
      }
    }
    try RefundOutput.write(approved, format)
  }
}
