internal import ArgumentParser
internal import Database
internal import Settlement

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Makes all payments, refunds and the ledger again, and compares them.",
    discussion: """
      Payments and refunds are made again from their recorded facts, with every event that these \
      have told; the ledger from transfers, incomes, payments and outgoing transactions. What \
      stands in the database must be just that, byte for byte: whatever isn't is a line, and the \
      exit code is 1. Nothing is changed. All of it is of one moment, while paywatch may run.
      """)

  @OptionGroup var database: BooksDatabase

  @Option(help: "table or json.")
  var format: OutputFormat = .table

  private struct Answer: Encodable {
    let payments: Int
    let refunds: Int
    let ledgerEntries: Int
    let differences: [String]
  }

  func run() async throws {
    let report = try await database.run { database in
      try await database.read { try ReplayCheck.report(in: $0) }
    }
    switch format {
    case .json:
      try Answers.writeLines([
        Answer(
          payments: report.payments, refunds: report.refunds, ledgerEntries: report.entries,
          differences: report.differences)
      ])
    case .table:
      try Answers.writeLines(texts: report.differences)
      StandardError.writeLine(
        "replayed \(report.payments) payments, \(report.refunds) refunds and "
          + "\(report.entries) ledger entries: \(report.differences.count) differences")
    }
    guard report.differences.isEmpty else { throw ExitCode.failure }
  }
}
