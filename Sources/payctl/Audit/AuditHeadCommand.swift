internal import ArgumentParser
internal import Audit
internal import Database

struct AuditHeadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "head", abstract: "Prints where the chains end, to be kept elsewhere.",
    discussion: """
      One JSON object a line and chain. Append it to a file on another machine; `payctl audit \
      verify --head` takes that file.
      """)

  @Option(
    help: "Paywatch's SQLite file, or a postgresql:// URL (password: PGPASSWORD or ~/.pgpass).",
    completion: .file())
  var database: String

  func run() async throws {
    let heads = try await OpenDatabase.run(database) { database in
      try await database.read { try AuditHead.all(in: $0) }
    }
    try Answers.writeLines(texts: heads.map(\.json))
  }
}
