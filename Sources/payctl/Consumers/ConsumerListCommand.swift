internal import ArgumentParser
internal import Database
internal import EventLog

struct ConsumerListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the consumers, where they stand and how much is parked.")

  @OptionGroup var database: DatabaseOptions

  private struct Line: Encodable {
    let consumer: String
    let starts: String
    let parked: Int64
    /// The offset to read next of each partition.
    let places: [Place]
  }

  private struct Place: Encodable {
    let partition: String
    let next: Int64
  }

  func run() async throws {
    let states = try await ConsumerInbox.run(database) { database in
      try await database.read { try Inbox.consumers(in: $0) }
    }
    let lines = states.map { state in
      Line(
        consumer: state.name, starts: state.start.rawValue, parked: state.parked,
        places: state.places.sorted { $0.key < $1.key }
          .map { Place(partition: "\($0.key)", next: $0.value) })
    }
    guard database.format == .table else { return try Answers.writeLines(lines) }
    var table = Table("CONSUMER", "STARTS", "PARKED", "NEXT")
    for line in lines {
      table.append(
        line.consumer, line.starts, "\(line.parked)",
        line.places.map { "\($0.partition)@\($0.next)" }.joined(separator: " "))
    }
    try table.write()
  }
}
