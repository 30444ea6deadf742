internal import ArgumentParser
internal import Claiming

struct ClaimsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "claims", abstract: "Looks after claims.", subcommands: [Rebuild.self])

  struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes the rows of all claims again from their facts.",
      discussion: """
        A claim is what its recorded facts make of it. Rows that are missing or differ are written \
        anew. No fact has a code: where a code was lost, staff renews it. paywatch may run meanwhile.
        """)

    @OptionGroup var options: RebuildOptions

    func run() async throws {
      try await options.run("claims") { database, writing in
        try await ClaimService.rebuild(database, writing: writing)
      }
    }
  }
}
