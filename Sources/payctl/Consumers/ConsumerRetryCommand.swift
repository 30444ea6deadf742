internal import ArgumentParser
internal import Audit
internal import Database
internal import EventLog
internal import JSON
internal import Watching

struct ConsumerRetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Has a message handled again, by the running consumer, with all its attempts.")

  @OptionGroup var parked: ParkedPlace

  func run() async throws {
    let (consumer, place, now) = (parked.consumer, try parked.eventPlace, SystemTime().now)
    try await ConsumerInbox.run(parked.database) { database in
      try await database.write { connection in
        try Inbox.retry(place, by: consumer, now: now, in: connection)
        try Operator.author(for: nil).note(
          "consumer.retry", of: consumer, ["place": .string("\(place)")], now: now,
          in: connection)
      }
    }
  }
}
