internal import ArgumentParser
internal import Backups
internal import ChainTypes
internal import SQLite
internal import Watching

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copies the database into a file while paywatch runs.",
    discussion: """
      The file holds everything of one moment and can be read by its owner only. It appears under \
      its name once it is whole. Its last line, which is printed too, says what is in it. SQLite's \
      is itself a database; PostgreSQL's is an archive of pg_dump, which must be installed and of \
      the server's version or newer.

      Example: payctl backup --database data/paywatch.sqlite --to paywatch-monday.backup
      """)

  @Option(
    help: "Paywatch's SQLite file, or a postgresql:// URL (password: PGPASSWORD or ~/.pgpass).",
    completion: .file())
  var database: DatabasePlace?

  @Option(help: "The file to make; nothing is overwritten.", completion: .file())
  var to: String?

  @Option(
    help: "Instead of taking a backup, check that every byte of one is as it was written.",
    completion: .file())
  var verify: String?

  func validate() throws {
    guard (database != nil && to != nil && verify == nil) || (verify != nil && database == nil)
    else {
      throw ValidationError("Give --database and --to, or --verify alone.")
    }
  }

  func run() async throws {
    let manifest = try await explainingBackups { try await takeOrVerify() }
    try Answers.writeLines(texts: [manifest.line])
  }

  private func takeOrVerify() async throws -> BackupManifest {
    if let verify {
      let file = try BackupFile(path: verify)
      try await file.verify()
      return file.manifest
    }
    let (path, now) = (to ?? "", SystemTime().now.description)
    switch database {
    case .server(let uri): return try await PostgresBackup.take(from: uri, to: path, at: now)
    case .file(let file):
      return try await OpenDatabase.run(file) { database in
        guard let database = database as? SQLiteDatabase else {
          throw CommandFailure("\(file) is no SQLite database")
        }
        return try await SQLiteBackup.take(from: database, to: path, at: now)
      }
    case nil: throw CommandFailure("--database is missing")
    }
  }
}
