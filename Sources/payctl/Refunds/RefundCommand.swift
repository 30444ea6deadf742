internal import ArgumentParser

struct RefundCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refund", abstract: "Shows refunds, requests them and decides about them.",
    subcommands: [
      RefundListCommand.self, RefundShowCommand.self, RefundRequestCommand.self,
      RefundApproveCommand.self, RefundCancelCommand.self, RefundFailCommand.self,
      RefundAcceptCommand.self,
    ])
}
