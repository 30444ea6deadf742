internal import ArgumentParser
internal import Audit
internal import Database
internal import EventLog
internal import JSON
internal import Watching

struct ConsumerSkipCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "skip",
    abstract: "Passes over a message for good; what waits behind it goes on.",
    discussion: "The message stays known as skipped, so that no replay brings it back.")

  @OptionGroup var parked: ParkedPlace

  @Option(help: "Who decides; it is recorded.")
  var by: String

  func validate() throws {
    try PaymentDecision.check(by: by)
  }

  func run() async throws {
    let (consumer, place, now) = (parked.consumer, try parked.eventPlace, SystemTime().now)
    let by = by
    try await ConsumerInbox.run(parked.database) { database in
      try await database.write { connection in
        try Inbox.skip(place, by: consumer, decidedBy: by, now: now, in: connection)
        try Operator.author(by: by, for: nil).note(
          "consumer.skip", of: consumer, ["place": .string("\(place)")], now: now, in: connection)
      }
    }
  }
}
