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
    let database = try SQLiteDatabase(path: configuration.database.sqlitePath)
    let pipeline = try await Pipeline(plan: plan, database: database, metrics: MetricsRegistry())
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
}

extension PaywatchConfiguration.LogLevel {
  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
