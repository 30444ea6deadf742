internal import Addresses
internal import ArgumentParser
internal import Bytes
internal import Database
internal import Settlement

struct CloseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Closes a day of the ledger under a signature.",
    discussion: """
      A closed day holds what every account had at its end in UTC, how many entries there were, a \
      digest of those since the day closed before, and that one's digest, as canonical JSON that \
      an operator's key signs (EIP-191). Whatever is later changed, removed or slipped in is found \
      by payctl close verify. The key never comes to the database's machine:

      payctl close draft --config paywatch.yaml --date 2026-11-21 > draft.json
      payctl close sign draft.json --key-file closing.key > signed.json
      payctl close store signed.json --config paywatch.yaml
      """,
    subcommands: [
      CloseDraftCommand.self, CloseSignCommand.self, CloseStoreCommand.self,
      CloseVerifyCommand.self,
    ])
}

struct CloseVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Makes every closed day again from the entries, and checks signatures and links.",
    discussion: "Each thing that doesn't hold is a line, and the exit code is 1.")

  @OptionGroup var database: BooksDatabase

  @Option(help: "An address whose signature counts. May be repeated.")
  var signer: [String] = []

  @Option(
    help: ArgumentHelp(
      "The digest of a closed day that was kept elsewhere: it must be among them.",
      discussion: """
        The last one's is told each time. Without it nobody can tell that the newest closed days \
        were removed.
        """))
  var digest: String?

  func validate() throws {
    guard !signer.isEmpty else { throw ValidationError("--signer says whose signatures count") }
    guard digest.map({ (try? Hash32(hex: $0)) != nil }) ?? true else {
      throw ValidationError("--digest is 64 hexadecimal digits")
    }
  }

  func run() async throws {
    let signers = Set(try signer.map(Self.address))
    var (days, differences) = try await database.run { database in
      try await database.read { connection in
        (
          try LedgerCloses.all(in: connection),
          try LedgerCloses.differences(signers: signers, in: connection)
        )
      }
    }
    if let digest, !days.contains(where: { $0.close.digest.hex == digest.lowercased() }) {
      differences.append("no closed day has the digest \(digest)")
    }
    try Answers.writeSentences(differences)
    let last = days.last.map {
      "; the last is \($0.close.date), with digest \($0.close.digest.hex)"
    }
    StandardError.writeLine("\(days.count) closed days" + (last ?? ""))
    guard differences.isEmpty else { throw ExitCode.failure }
  }

  /// An address with EIP-55's capitals.
  private static func address(_ text: String) throws -> String {
    guard let address = try? EthereumAddress(text) else {
      throw CommandFailure("\(text) is no address")
    }
    return address.text
  }
}
