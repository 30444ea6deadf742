internal import ArgumentParser
internal import Database

/// The database that a command looks at or changes.
struct DatabaseOptions: ParsableArguments {
  @Option(
    help: "Paywatch's SQLite file, or a postgresql:// URL (password: PGPASSWORD or ~/.pgpass).",
    completion: .file())
  var database: String

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  /// Runs `body` with the open database and closes it afterwards.
  func run<Value>(_ body: (any Database) async throws -> Value) async throws -> Value {
    try await OpenDatabase.run(database, body)
  }
}
