internal import ArgumentParser

struct ChainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chain", abstract: "Shows how far the watchers have come.",
    subcommands: [ChainStatusCommand.self, ChainResumeCommand.self])
}
