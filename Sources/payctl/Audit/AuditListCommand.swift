internal import ArgumentParser
internal import Audit
internal import ChainTypes
internal import Database

struct AuditListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the records of a chain in their order.")

  @OptionGroup var database: DatabaseOptions

  @Option(help: "Of this tenant; without it, what operators did for no tenant.")
  var tenant: String?

  @Option(help: "Only what this one did: user:NAME, key:DIGITS or payctl:NAME.")
  var actor: String?

  @Option(help: "Only this, such as order.ready.")
  var action: String?

  @Option(help: "Only what was done to this.")
  var subject: String?

  @Option(help: "Those behind this position.")
  var after: Int64 = 0

  @Option(help: "How many, at most 10000.")
  var limit = 100

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
  }

  func run() async throws {
    let (tenant, after, limit) = (tenant, after, limit)
    let (actor, action, subject) = (actor, action, subject)
    let records = try await database.run { database in
      try await database.read {
        try AuditLog.page(
          of: tenant, after: after, limit: limit, actor: actor, action: action, subject: subject,
          in: $0)
      }
    }
    guard database.format == .table else {
      return try Answers.writeLines(texts: records.map(\.json))
    }
    var table = Table("position", "time", "actor", "roles", "action", "subject", "details")
    for record in records {
      table.append(
        "\(record.position)", record.occurredAt.description, record.actor,
        record.roles.joined(separator: ","), record.action, record.subject, record.details)
    }
    try table.write()
  }
}
