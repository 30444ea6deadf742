internal import ArgumentParser
internal import Audit
internal import Database
internal import EventLog
internal import JSON
internal import Watching

struct ConsumerAcceptGapCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept-gap",
    abstract: "Goes on with a subject's parked events, without those missing before them.")

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The consumer's name.")
  var consumer: String

  @Argument(help: "The payment, transfer or chain.")
  var subject: String

  private struct Answer: Encodable {
    let subject: String
    let missingFrom: Int64
    let missingThrough: Int64
  }

  func run() async throws {
    let (consumer, subject, now) = (consumer, subject, SystemTime().now)
    let missing = try await ConsumerInbox.run(database) { database in
      try await database.write { connection in
        let missing = try Inbox.acceptGap(of: subject, by: consumer, now: now, in: connection)
        try Operator.author(for: nil).note(
          "consumer.accept-gap", of: consumer,
          [
            "subject": .string(subject), "from": .integer(missing.lowerBound),
            "through": .integer(missing.upperBound),
          ], now: now, in: connection)
        return missing
      }
    }
    let answer = Answer(
      subject: subject, missingFrom: missing.lowerBound, missingThrough: missing.upperBound)
    try Answers.write(
      answer, database.format,
      table: [
        ("subject", subject), ("given up", "\(missing.lowerBound) to \(missing.upperBound)"),
      ])
  }
}
