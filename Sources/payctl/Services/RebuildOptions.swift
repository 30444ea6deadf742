internal import Aggregates
internal import ArgumentParser
internal import Database

/// What commands that make rows again from facts have in common.
struct RebuildOptions: ParsableArguments {
  @OptionGroup var database: DatabaseOptions

  @Flag(help: "Only compare, and change nothing; the exit code is 1 where something differs.")
  var check = false

  private struct Answer: Encodable {
    let records: Int
    let differing: [String]
  }

  func run(
    _ what: String, _ body: (any Database, _ writing: Bool) async throws -> RebuildReport
  ) async throws {
    let report = try await database.run { database in
      // Each part of the work is a transaction with a record of its own.
      let audited = AuditedDatabase(
        base: database, author: Operator.author(for: nil), action: "\(what).rebuild",
        subject: what)
      return try await body(check ? database : audited, !check)
    }
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
}
