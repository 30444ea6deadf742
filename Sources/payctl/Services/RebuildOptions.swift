internal import Aggregates
internal import ArgumentParser
internal import Cache
internal import Database
internal import Deployment
internal import Foundation
internal import Settings

/// What commands that make rows again from facts have in common.
struct RebuildOptions: ParsableArguments {
  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Only compare, and change nothing; the exit code is 1 where something differs.")
  var check = false

  @Option(
    help: "paywatch's configuration, where it names a Redis: rows put right are forgotten there.",
    completion: .file())
  var config: String?

  private struct Answer: Encodable {
    let records: Int
    let differing: [String]
  }

  func run(
    _ what: String, _ body: (any Database, _ writing: Bool) async throws -> RebuildReport
  ) async throws {
    let redis = try cache()
    let report = try await database.run { open in
      let database: any Database =
        if let redis { InvalidatingDatabase(open, CacheAside(redis)) } else { open }
      // Each part of the work is a transaction with a record of its own.
      let audited = AuditedDatabase(
        base: database, author: Operator.author(for: nil), action: "\(what).rebuild",
        subject: what)
      return try await body(check ? database : audited, !check)
    }
    if let redis { try await finish(redis) }
    switch database.format {
    case .json:
      try Answers.writeLines([Answer(records: report.records, differing: report.differing)])
    case .table:
      try Answers.writeLines(texts: report.differing)
      StandardError.writeLine(
        "\(report.records) \(what) from their facts: \(report.differing.count) "
          + (check ? "differ" : "were put right"))
    }
    if check, !report.differing.isEmpty { throw ExitCode.failure }
  }

  private func cache() throws -> RedisCache? {
    guard let config else { return nil }
    let settings: RedisSettings?
    do throws(ConfigurationError) {
      let configuration = try PaywatchConfiguration.load(
        config, environment: ProcessInfo.processInfo.environment)
      settings = configuration.redis
    } catch {
      throw CommandFailure("\(config) can't be used:\n\(error)")
    }
    return try settings?.cache { _ in }
  }

  /// Waits until Redis has deleted what was changed, for some seconds.
  private func finish(_ redis: RedisCache) async throws {
    for _ in 0..<100 where redis.pendingDeletions > 0 {
      try await Task.sleep(for: .milliseconds(100))
    }
    let left = redis.pendingDeletions
    redis.close()
    guard left == 0 else {
      throw CommandFailure(
        "Redis didn't delete \(left) keys: what is cached under them may be wrong for an hour")
    }
  }
}
