internal import ArgumentParser

struct AddressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "address", abstract: "Shows the addresses that were derived and are watched.",
    subcommands: [AddressListCommand.self, AddressShowCommand.self])
}
