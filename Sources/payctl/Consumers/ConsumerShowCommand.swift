internal import ArgumentParser
internal import Database
internal import EventLog

struct ConsumerShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a message that a consumer has put aside.")

  @OptionGroup var parked: ParkedPlace

  func run() async throws {
    let (consumer, place) = (parked.consumer, try parked.eventPlace)
    let message = try await ConsumerInbox.run(parked.database) { database in
      try await database.read {
        try Inbox.parkedMessage(by: consumer, at: place, in: $0)
      }
    }
    guard let message else { throw CommandFailure("nothing is parked at \(place)") }
    let line = ParkedLine(message, withBytes: true)
    try Answers.write(
      line, parked.database.format,
      table: [
        ("place", line.place), ("subject", line.subject ?? "-"),
        ("sequence", line.sequence.map { "\($0)" } ?? "-"), ("event", line.eventID ?? "-"),
        ("reason", line.reason), ("detail", line.detail), ("tried", "\(line.attempts)"),
        ("tried again", line.due ?? "-"), ("parked at", line.parkedAt),
        ("trace", line.traceparent ?? "-"), ("bytes", "\(line.messageBytes)"),
        ("message", String(validating: message.message, as: UTF8.self) ?? line.message ?? ""),
      ])
  }
}
