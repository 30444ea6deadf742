internal import ArgumentParser
internal import ChainTypes
internal import Database
internal import Payments
internal import Settlement

struct PaymentListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists payments in the order in which they were made.")

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Only this tenant's.")
  var tenant: String?

  @Option(help: "Only those with this status: open, partially_paid, processing, paid, …")
  var status: String?

  @Option(help: "Only those for this order.")
  var order: String?

  @Option(help: "Only those after this payment.")
  var after: String?

  @Option(help: "How many, at most 10000.")
  var limit: Int = 100

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
    guard status.map({ PaymentStatus(rawValue: $0) != nil }) ?? true else {
      let known = PaymentStatus.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--status is one of \(known)")
    }
  }

  func run() async throws {
    let (tenant, status, order) = (tenant, status.flatMap(PaymentStatus.init), order)
    let (after, limit) = (after, limit)
    let payments = try await database.run { database in
      try await database.read { connection in
        try PaymentService.forDecisions.payments(
          tenant: tenant, status: status, orderID: order, after: after, limit: limit,
          in: connection)
      }
    }
    guard database.format == .table else {
      return try Answers.writeLines(texts: payments.map { try PaymentDocument.json(of: $0) })
    }
    var table = Table("payment", "status", "due", "received", "chain", "tenant", "order")
    for payment in payments {
      let asset = payment.terms.asset
      table.append(
        payment.terms.id, payment.status.rawValue,
        Amount(minorUnits: payment.due, asset: asset).description,
        Amount(minorUnits: payment.received, asset: asset).description,
        payment.terms.chain.text, payment.terms.tenant, payment.terms.orderID)
    }
    try table.write()
  }
}
