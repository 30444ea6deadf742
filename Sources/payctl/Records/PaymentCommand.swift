internal import ArgumentParser

struct PaymentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payment", abstract: "Shows payments, and decides what waits for an operator.",
    subcommands: [
      PaymentListCommand.self, PaymentShowCommand.self, PaymentProofCommand.self,
      PaymentCancelCommand.self, PaymentAcceptCommand.self, PaymentResolveCommand.self,
    ])
}
