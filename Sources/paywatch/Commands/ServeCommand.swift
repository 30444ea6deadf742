internal import ArgumentParser
internal import Foundation
internal import Logging
internal import SQLite
internal import Settings
internal import Telemetry

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Runs every part of the pipeline in this process, on SQLite.",
    discussion: """
      SIGTERM or SIGINT ends it: requests in progress are answered, the step in progress is \
      committed or left out whole. A process that is killed loses nothing either.
      """)

  @Option(help: "The configuration; deploy/paywatch.example.yaml is one.")
  var config: String

  func run() async throws {
    let plan = try Plan(file: config, environment: ProcessInfo.processInfo.environment)
    let configuration = plan.configuration
    StructuredLogHandler.bootstrap(level: configuration.logLevel.level)
    let (database, pipeline) = try await Self.opened(plan)
    let logger = Logger(label: "paywatch")
    try await untilTerminated {
      try await pipeline.run { port in
        logger.info(
          "listening", metadata: ["host": "\(configuration.listen.host)", "port": "\(port)"])
      }
    }
    try await database.close()
    logger.info("ended")
  }

  private static func opened(_ plan: Plan) async throws -> (SQLiteDatabase, Pipeline) {
    let path = plan.configuration.database.sqlitePath
    do {
      let database = try SQLiteDatabase(path: path)
      return (
        database, try await Pipeline(plan: plan, database: database, metrics: MetricsRegistry())
      )
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure("the database \(path) can't be used: \(error)")
    }
  }
}

extension PaywatchConfiguration.LogLevel {
  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
