internal import ArgumentParser

struct ConsumerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "consumer",
    abstract: "Consumers of events: where they stand, and what they have put aside.",
    subcommands: [
      ConsumerListCommand.self, ConsumerParkedCommand.self, ConsumerShowCommand.self,
      ConsumerRetryCommand.self, ConsumerSkipCommand.self, ConsumerAcceptGapCommand.self,
      ConsumerReplayCommand.self,
    ])
}
