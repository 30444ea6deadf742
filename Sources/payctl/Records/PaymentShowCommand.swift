internal import ArgumentParser
internal import Database
internal import Settlement

struct PaymentShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a payment with its transfers.")

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The payment: pay_…")
  var payment: String

  func run() async throws {
    let id = payment
    let payment = try await database.run { database in
      try await database.read {
        try PaymentService.forDecisions.payment(id, tenant: nil, in: $0)
      }
    }
    try PaymentOutput.write(payment, database.format)
  }
}
