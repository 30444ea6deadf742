internal import ArgumentParser
internal import Audit
internal import Database
internal import EventLog
internal import JSON
internal import Watching

struct ConsumerReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Has a consumer read again; what it has handled it passes over.",
    discussion: """
      From the beginning of every partition, or from given places. To handle everything anew, \
      clear the service's tables and give the consumer another name.
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The consumer's name.")
  var consumer: String

  @Option(help: "Where to begin, such as payment-events/3@17 or log/0@1. May be repeated.")
  var from: [String] = []

  func validate() throws {
    for place in from where EventPlace(place) == nil {
      throw ValidationError("\(place) is no place; one looks like payment-events/3@17")
    }
  }

  func run() async throws {
    let consumer = consumer
    let places = from.compactMap { EventPlace($0) }
    let next =
      places.isEmpty
      ? nil : Dictionary(places.map { ($0.partition, $0.offset) }) { min($0, $1) }
    try await ConsumerInbox.run(database) { database in
      let now = SystemTime().now
      try await database.write { connection in
        try Inbox.replay(consumer, from: next, in: connection)
        try Operator.author(for: nil).note(
          "consumer.replay", of: consumer,
          ["from": .array(places.map { .string("\($0)") })], now: now, in: connection)
      }
    }
  }
}
