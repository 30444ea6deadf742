internal import ArgumentParser
internal import Payments

struct PaymentCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Withdraws a payment to which nothing has come.")

  @OptionGroup var decision: PaymentDecision

  func run() async throws {
    let by = decision.by
    try await decision.decide { _ in .canceled(by: by) }
  }
}
