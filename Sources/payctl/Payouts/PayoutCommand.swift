internal import ArgumentParser

struct PayoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payout",
    abstract:
      "Makes transactions that pay refunds, gather coins and take revenue, and takes them in signed.",
    discussion: """
      No key is needed here: `payctl payout build` writes a file, `payctl sign` signs it on a \
      machine without a network, and `payctl payout broadcast` stores what comes back and gives it \
      to the nodes. paywatch's watchers send it again until a block holds it, and follow it to its \
      finality.
      """,
    subcommands: [
      PayoutBuildCommand.self, PayoutSweepCommand.self, PayoutWithdrawCommand.self,
      PayoutBumpCommand.self, PayoutVoidCommand.self,
      PayoutExportCommand.self, PayoutBroadcastCommand.self, PayoutListCommand.self,
      PayoutCancelCommand.self,
    ])
}
