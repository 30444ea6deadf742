internal import ArgumentParser
internal import Database
internal import EventLog

/// The database of a consumer: Paywatch's own, or that of a service beside it.
enum ConsumerInbox {
  /// Runs `body` with the database, and says in words what can't be done.
  static func run<Value>(
    _ options: DatabaseOptions, _ body: (any Database) async throws -> Value
  ) async throws -> Value {
    do {
      return try await options.run { database in
        try await check(database)
        return try await body(database)
      }
    } catch let error as ConsumerError {
      throw CommandFailure(error.sentence)
    }
  }

  private static func check(_ database: any Database) async throws {
    let newest = try await database.read { connection in
      try connection.queryFirst(
        "SELECT MAX(number) AS newest FROM schema_migrations WHERE component = $1",
        [.text(Inbox.component)])
    }
    guard try newest?.optionalInteger("newest") != nil else {
      throw CommandFailure("no consumer has ever run on this database")
    }
  }
}

extension ConsumerError {
  fileprivate var sentence: String {
    switch self {
    case .unknownConsumer(let name): "there is no consumer \(name)"
    case .notParked(let place): "nothing is parked at \(place)"
    case .notNext(let place, let expected):
      "what is parked at \(place) isn't its subject's next event"
        + (expected.map { "; that is number \($0)" } ?? "")
    case .messageCut(let place):
      "of the message at \(place) only the beginning was kept: it can be skipped, not handled"
    case .noGap(let subject): "nothing is missing before what is parked of \(subject)"
    default: "\(self)"
    }
  }
}

/// A parked message that a command is about.
struct ParkedPlace: ParsableArguments {
  @OptionGroup var database: DatabaseOptions

  @Argument(help: "The consumer's name.")
  var consumer: String

  @Argument(help: "Where the message stands, as `consumer parked` shows it: payment-events/3@17.")
  var place: String

  func validate() throws {
    guard EventPlace(place) != nil else {
      throw ValidationError("\(place) is no place; one looks like payment-events/3@17")
    }
  }

  var eventPlace: EventPlace {
    get throws {
      guard let parsed = EventPlace(place) else { throw CommandFailure("\(place) is no place") }
      return parsed
    }
  }
}
