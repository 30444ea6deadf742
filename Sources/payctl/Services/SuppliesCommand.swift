internal import ArgumentParser
internal import Supply

struct SuppliesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "supplies", abstract: "Looks after stock.", subcommands: [Rebuild.self])

  struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes the rows of all supplies again from their facts.",
      discussion: """
        Every movement of stock is a recorded fact, and what is there follows from them. Rows that \
        are missing or differ are written anew. paywatch may run meanwhile.
        """)

    @OptionGroup var options: RebuildOptions

    func run() async throws {
      try await options.run("supplies") { database, writing in
        try await SupplyService.rebuild(database, writing: writing)
      }
    }
  }
}
