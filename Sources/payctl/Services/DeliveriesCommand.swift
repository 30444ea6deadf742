internal import ArgumentParser
internal import Audit
internal import ChainTypes
internal import Database
internal import Notifications
internal import Watching

struct DeliveriesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries",
    abstract: "Shows what webhooks and customers were told, and sends it again.",
    subcommands: [List.self, Show.self, Retry.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists deliveries in the order in which they were enqueued.")

    @OptionGroup var database: DatabaseOptions

    @Option(help: "Only this tenant's.")
    var tenant: String?

    @Option(help: "Only those with this status: pending, sent, failed or canceled.")
    var status: String?

    @Option(help: "Only those to this target, such as whk_….")
    var target: String?

    @Option(help: "Only those behind this one.")
    var after: String?

    @Option(help: "How many, at most 10000.")
    var limit: Int = 100

    func validate() throws {
      guard (1...10_000).contains(limit) else { throw ValidationError("--limit is 1 to 10000") }
      guard status.map({ Delivery.Status(rawValue: $0) != nil }) ?? true else {
        throw ValidationError("--status is pending, sent, failed or canceled")
      }
    }

    func run() async throws {
      let (tenant, target, after, limit) = (tenant, target, after, limit)
      let status = status.flatMap(Delivery.Status.init(rawValue:))
      let deliveries = try await database.run { database in
        do {
          return try await database.read {
            try Deliveries.page(
              tenant: tenant, target: target, status: status, after: after, limit: limit, in: $0)
          }
        } catch let refusal as DeliveryRefusal {
          throw CommandFailure(DeliveriesCommand.sentence(refusal))
        }
      }
      guard database.format == .table else {
        return try Answers.writeLines(texts: deliveries.map { $0.document() })
      }
      var table = Table("delivery", "target", "type", "status", "attempts", "last attempt")
      for delivery in deliveries {
        table.append(
          delivery.id, delivery.target.key, delivery.eventType, delivery.status.rawValue,
          "\(delivery.attempts)", delivery.lastNote?.detail ?? "-")
      }
      try table.write()
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows a delivery's attempts, the latest last.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "Which: ntf_….")
    var delivery: String

    func run() async throws {
      let id = delivery
      let found = try await database.run { database in
        try await database.read { connection in
          try Deliveries.load(id, tenant: nil, in: connection).map {
            ($0, try RecordedAttempt.latest(of: id, in: connection))
          }
        }
      }
      guard let (delivery, attempts) = found else {
        throw CommandFailure(DeliveriesCommand.sentence(.notFound(id)))
      }
      guard database.format == .table else {
        return try Answers.writeLines(texts: [delivery.document(log: attempts)])
      }
      var table = Table("attempt", "began", "outcome", "detail")
      for attempt in attempts {
        table.append(
          "\(attempt.number)", "\(attempt.begunAt)", attempt.outcome, attempt.note.detail)
      }
      try table.write()
    }
  }

  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Has a delivery tried again at once, also where it has failed or was canceled.",
      discussion: "The running paywatch sends it. One that has arrived stays as it is.")

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "Which: ntf_….")
    var delivery: String

    func run() async throws {
      let (id, now) = (delivery, SystemTime().now)
      let text = try await database.run { database in
        do {
          return try await database.write { connection in
            let delivery = try Deliveries.retry(id, tenant: nil, now: now, in: connection)
            try Operator.author(for: delivery.target.tenant)
              .note("delivery.retry", of: id, now: now, in: connection)
            return delivery.document()
          }
        } catch let refusal as DeliveryRefusal {
          throw CommandFailure(DeliveriesCommand.sentence(refusal))
        }
      }
      try Answers.writeLines(texts: [text])
    }
  }

  fileprivate static func sentence(_ refusal: DeliveryRefusal) -> String {
    switch refusal {
    case .notFound(let id): "there is no delivery \(id): see payctl deliveries list"
    case .forgotten(let id): "\(id) isn't kept any more: leave --after out"
    case .sent(let id): "\(id) has arrived"
    case .retired: "nothing is sent to its target now: enable the webhook first"
    case .tooLarge(let bytes): "\(bytes) bytes are too many"
    }
  }
}
