internal import ArgumentParser
internal import Payments

struct RefundCancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Withdraws a refund for which no transaction has been made.")

  @OptionGroup var decision: RefundDecision

  func run() async throws { try await decision.decide(.canceled(by: decision.by)) }
}
