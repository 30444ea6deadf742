internal import ArgumentParser

struct TenantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenant", abstract: "Shows tenants, and gives their programs API keys.",
    discussion: "Tenants stand in paywatch's configuration; a start brings them here.",
    subcommands: [TenantListCommand.self, TenantKeyCommand.self])
}

struct TenantKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "Makes, lists and revokes the API keys with which programs call paywatch.",
    discussion: "They have nothing to do with the keys of coins: those are `payctl keys`.",
    subcommands: [
      TenantKeyCreateCommand.self, TenantKeyListCommand.self, TenantKeyRevokeCommand.self,
    ])
}
