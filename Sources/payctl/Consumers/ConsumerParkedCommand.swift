internal import ArgumentParser
internal import Database
internal import EventLog

struct ConsumerParkedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parked", abstract: "Lists what a consumer has put aside, and why.",
    discussion: """
      gap and behind wait for what comes before them; retrying is tried again by itself; all \
      others wait for a decision: retry, skip or accept-gap.
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The consumer's name.")
  var consumer: String

  @Option(help: "Only what belongs to this payment, transfer or chain.")
  var subject: String?

  @Flag(help: "Show what was skipped instead.")
  var skipped = false

  @Option(help: "How many at most, 1 to 1000.")
  var limit = 100

  func validate() throws {
    guard (1...Inbox.maximumPageSize).contains(limit) else {
      throw ValidationError("--limit is 1 to \(Inbox.maximumPageSize)")
    }
  }

  func run() async throws {
    let (consumer, subject, limit) = (consumer, subject, limit)
    let reasons: Set<ParkReason>? = skipped ? [.skipped] : nil
    let parked = try await ConsumerInbox.run(database) { database in
      try await database.read {
        try Inbox.parked(
          by: consumer, subject: subject, reasons: reasons, limit: limit, in: $0)
      }
    }
    let lines = parked.map { ParkedLine($0) }
    guard database.format == .table else { return try Answers.writeLines(lines) }
    var table = Table("PLACE", "SUBJECT", "SEQUENCE", "REASON", "TRIED", "DETAIL")
    for line in lines {
      table.append(
        line.place, line.subject ?? "-", line.sequence.map { "\($0)" } ?? "-", line.reason,
        "\(line.attempts)", line.detail)
    }
    try table.write()
  }
}
