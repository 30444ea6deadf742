internal import ArgumentParser

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Makes words and accounts, seals keys, and derives addresses, offline.",
    discussion: """
      Words and private keys belong on a machine without a network: run `generate` and `account` \
      there, and carry only the descriptor to a server. Secrets are read from standard input, \
      never from arguments, which other users of a machine can see.
      """,
    subcommands: [
      GenerateCommand.self, AccountCommand.self, DescriptorCommand.self, AddressesCommand.self,
      EncryptCommand.self,
    ])
}
