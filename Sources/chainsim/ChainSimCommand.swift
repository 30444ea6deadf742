internal import ArgumentParser

/// Development nodes with a mempool, reorgs, replacement and faults on demand.
@main
struct ChainSimCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chainsim",
    abstract: "Development nodes for tests and demonstrations, with trouble on demand.",
    subcommands: [BitcoinCommand.self, EthereumCommand.self])
}
