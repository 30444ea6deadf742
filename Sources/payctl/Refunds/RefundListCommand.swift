internal import ArgumentParser
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

struct RefundListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists refunds in the order in which they were requested.")

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @Option(help: "Only those of this payment.")
  var payment: String?

  @Option(help: "Only those with this status: requested, approved, built, signed, …")
  var status: String?

  @Option(help: "Only those after this refund.")
  var after: String?

  @Option(help: "How many, at most 10000.")
  var limit: Int = 100

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
    guard status.map({ RefundStatus(rawValue: $0) != nil }) ?? true else {
      let known = RefundStatus.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--status is one of \(known)")
    }
  }

  func run() async throws {
    let (tenant, payment, after, limit) = (tenant, payment, after, limit)
    let status = status.flatMap(RefundStatus.init)
    let refunds = try await database.run { database in
      try await database.read { connection in
        try RefundService.forDecisions.refunds(
          tenant: tenant, payment: payment, status: status, after: after, limit: limit,
          in: connection)
      }
    }
    guard database.format == .table else {
      return try Answers.writeLines(texts: refunds.map { try RefundDocument.json(of: $0) })
    }
    var table = Table("refund", "status", "amount", "kind", "payment", "tenant", "address")
    for refund in refunds {
      let terms = refund.terms
      table.append(
        terms.id, refund.status.rawValue,
        Amount(minorUnits: terms.amount, asset: terms.asset).description, terms.kind.rawValue,
        terms.payment, terms.tenant, terms.address)
    }
    try table.write()
  }
}
