internal import ArgumentParser
internal import Database
internal import Settlement

struct CloseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Closes a day of the ledger under a signature.",
    discussion: """
      A closed day holds what every account had at its end in UTC, how many entries there were, and \
      the digest of the day closed before, as canonical JSON that an operator's key signs \
      (EIP-191). Whatever is later changed, removed or slipped in is found by payctl close verify.
      """,
    subcommands: [CloseDayCommand.self, CloseVerifyCommand.self],
    defaultSubcommand: CloseDayCommand.self)
}

struct CloseVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Makes every closed day again from the entries, and checks signatures and links.",
    discussion: "Each thing that doesn't hold is a line, and the exit code is 1.")

  @OptionGroup var database: BooksDatabase

  @Option(help: "An address whose signature counts. May be repeated; without it anyone's does.")
  var signer: [String] = []

  func run() async throws {
    let signers = signer.isEmpty ? nil : Set(try signer.map(ClosingKey.address))
    let (days, differences) = try await database.run { database in
      try await database.read { connection in
        (
          try LedgerCloses.all(in: connection),
          try LedgerCloses.differences(signers: signers, in: connection)
        )
      }
    }
    try Answers.writeLines(texts: differences)
    let known = Set(days.map(\.signature.signer)).sorted().joined(separator: ", ")
    StandardError.writeLine(
      "\(days.count) closed days" + (known.isEmpty ? "" : ", signed by \(known)"))
    guard differences.isEmpty else { throw ExitCode.failure }
  }
}
