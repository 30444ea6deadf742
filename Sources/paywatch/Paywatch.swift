internal import ArgumentParser

/// The pipeline: watchers, address pool, sequencer and API.
@main
struct Paywatch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "paywatch",
    abstract: "Hands out payment addresses, watches the chain for them, tells what happened.",
    subcommands: [ServeCommand.self, CheckConfigCommand.self, DemoCommand.self])
}
