internal import ArgumentParser
internal import ChainTypes
internal import Database
internal import Deployment
internal import Foundation
internal import Settings

/// The database of a configuration, or one that is named by itself.
struct BooksDatabase: ParsableArguments {
  @Option(help: "paywatch's configuration, whose database is meant.", completion: .file())
  var config: String?

  @Option(
    help: "Paywatch's SQLite file, or a postgresql:// URL (password: PGPASSWORD or ~/.pgpass).",
    completion: .file())
  var database: String?

  func validate() throws {
    guard (config == nil) != (database == nil) else {
      throw ValidationError("Give --config or --database.")
    }
  }

  /// Runs `body` with the open database and closes it afterwards.
  func run<Value>(_ body: (any Database) async throws -> Value) async throws -> Value {
    if let database { return try await OpenDatabase.run(database, body) }
    return try await OpenDatabase.run(try Self.configuration(config ?? "").database, body)
  }

  /// The configuration's; none where the database is named by itself.
  var chains: [ChainSpec] {
    get throws { try config.map { try Self.configuration($0).chains.map(\.spec) } ?? [] }
  }

  /// Throws what is wrong with the file, in sentences.
  static func configuration(_ path: String) throws -> PaywatchConfiguration {
    do throws(ConfigurationError) {
      return try PaywatchConfiguration.load(
        path, environment: ProcessInfo.processInfo.environment)
    } catch {
      throw CommandFailure("\(path) can't be used:\n\(error)")
    }
  }
}
