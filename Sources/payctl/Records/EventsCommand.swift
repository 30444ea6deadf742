internal import ArgumentParser
internal import Database
internal import EventLog

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Prints events in their order, one JSON object a line.",
    discussion: """
      Each line is {"position": N, "event": a CloudEvent}. The last position is where the next \
      call goes on: --after N.
      """)

  @Option(
    help: "Paywatch's SQLite file, or a postgresql:// URL (password: PGPASSWORD or ~/.pgpass).",
    completion: .file())
  var database: String

  @Option(help: "Only events after this position.")
  var after: Int64 = 0

  @Option(help: "Only events of this type, such as payment.paid. May be repeated.")
  var type: [String] = []

  @Option(help: "Only events of this payment, transfer or chain.")
  var subject: String?

  @Option(help: "Only this tenant's events.")
  var tenant: String?

  @Flag(help: "Wait for further events.")
  var follow = false

  func validate() throws {
    guard after >= 0 else { throw ValidationError("--after is a position, 0 or more") }
    guard type.count <= EventFilter.maximumTypes else {
      throw ValidationError("at most \(EventFilter.maximumTypes) types")
    }
  }

  func run() async throws {
    var options = DatabaseOptions()
    options.database = database
    try await options.run { database in try await printEvents(of: database) }
  }

  private func printEvents(of database: any Database) async throws {
    let filter = EventFilter(
      tenant: tenant, subject: subject, types: type.isEmpty ? nil : type)
    var position = after
    var output = StandardOutput()
    while true {
      let start = position
      let page = try await database.read {
        try EventLog.page(after: start, limit: 1_000, filter: filter, in: $0)
      }
      for event in page.events {
        try output.writeLine(
          #"{"position":\#(event.position),"event":\#(event.event.json)}"#)
      }
      try output.flush()
      position = page.through
      guard page.hasMore || follow else { return }
      // Another process writes them; it has nobody here to wake.
      if !page.hasMore { try await Task.sleep(for: .milliseconds(500)) }
    }
  }
}
