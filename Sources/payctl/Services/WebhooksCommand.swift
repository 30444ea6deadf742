internal import ArgumentParser
internal import Database
internal import Notifications
internal import Watching

struct WebhooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks", abstract: "Shows webhooks, and looks after them.",
    subcommands: [List.self, Rebuild.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists webhooks in the order in which they were made.")

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Only this tenant's.")
    var tenant: String?

    @Option(help: "How many, at most 10000.")
    var limit: Int = 100

    func validate() throws {
      guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
    }

    func run() async throws {
      let (tenant, limit) = (tenant, limit)
      let webhooks = try await database.run { database in
        let service = WebhookService(database: database, policy: WebhookPolicy())
        return try await database.read {
          try service.webhooks(tenant: tenant, after: nil, limit: limit, in: $0)
        }
      }
      guard database.format == .table else {
        return try Answers.writeLines(texts: webhooks.map { $0.document(telling: nil) })
      }
      var table = Table("webhook", "tenant", "status", "events", "url")
      for webhook in webhooks {
        table.append(
          webhook.id, webhook.tenant, webhook.disabled?.reason.rawValue ?? webhook.status.rawValue,
          webhook.details.events.map(\.text).joined(separator: ","), webhook.details.url)
      }
      try table.write()
    }
  }

  struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes the rows of all webhooks again from their facts.",
      discussion: """
        Rows that are missing or differ are written anew. Secrets and deliveries stay as they are. \
        paywatch may run meanwhile.
        """)

    @OptionGroup var options: RebuildOptions

    func run() async throws {
      try await options.run("webhooks") { database, writing in
        try await WebhookService.rebuild(database, writing: writing)
      }
    }
  }
}
