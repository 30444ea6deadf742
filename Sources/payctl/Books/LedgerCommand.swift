internal import ArgumentParser

struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Shows and exports the double-entry ledger.",
    subcommands: [LedgerBalancesCommand.self, LedgerExportCommand.self])
}
