internal import ArgumentParser

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Makes tokens with which people's roles can be tried out, for development.",
    discussion: """
      In earnest an identity provider issues tokens to people whom it knows; paywatch has its public \
      key only (authentication.jwt). Whoever has the key made here is everybody.
      """,
    subcommands: [TokenKeyCommand.self, TokenIssueCommand.self])
}
