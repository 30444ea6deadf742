internal import ArgumentParser
internal import Database
internal import Deployment
internal import Foundation
internal import Logging
internal import Settings
internal import Telemetry

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Runs the pipeline in this process, or some of its roles.",
    discussion: """
      Roles: api answers HTTP requests; watcher watches chains, sends signed transactions to the \
      nodes and derives addresses; relay gives events their positions and copies them to Kafka; \
      services does what tenants' policies say of late, short and excess money, requesting refunds \
      where they say so, and forgets what is kept for a time only; orders and supply serve orders \
      and the stock that they take; claiming serves claims of orders that are ready. Any number of processes may have the same ones: what only one may do it does under a lease in the database, and another \
      takes over within seconds. Every process tells its health and metrics.

      SIGTERM or SIGINT ends it: requests in progress are answered, the step in progress is \
      committed or left out whole. A process that is killed loses nothing either.
      """)

  @Option(help: "The configuration; deploy/paywatch.example.yaml is one.")
  var config: String

  @Option(help: "Which of the roles this process has, separated by commas.")
  var roles = RoleList.all

  func run() async throws {
    let plan = try Plan(file: config, environment: ProcessInfo.processInfo.environment)
    let configuration = plan.configuration
    StructuredLogHandler.bootstrap(level: configuration.logLevel.level)
    let (database, pipeline) = try await Self.opened(plan, roles.roles)
    let logger = Logger(label: "paywatch")
    let roles = roles
    try await untilTerminated {
      try await pipeline.run { port in
        logger.info(
          "listening",
          metadata: [
            "host": "\(configuration.listen.host)", "port": "\(port)", "roles": "\(roles)",
          ])
      }
    }
    try await database.close()
    logger.info("ended")
  }

  private static func opened(
    _ plan: Plan, _ roles: Set<Role>
  ) async throws -> (any Database, Pipeline) {
    do {
      let database = try plan.configuration.database.opened()
      return (
        database,
        try await Pipeline(
          plan: plan, roles: roles, database: database, metrics: MetricsRegistry())
      )
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(
        "the database \(plan.configuration.database.name) can't be used: \(error)")
    }
  }
}

extension PaywatchConfiguration.LogLevel {
  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
