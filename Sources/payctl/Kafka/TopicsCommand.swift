internal import ArgumentParser
internal import Deployment
internal import Kafka
internal import Settings

struct TopicsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topics", abstract: "Lists Kafka's topics of the event stream, and makes them.",
    discussion: """
      Each topic stands there as it is declared, and as it is at the brokers. A topic's number of \
      partitions can't be changed later: it decides which one a payment's events are in. The relay \
      needs all topics.

      --replication 3 keeps each message on three brokers, two of which must have it before it \
      counts as sent. With fewer, a broker's disk that is lost takes events with it.

      The brokers are those of paywatch's configuration, or named here, which takes no secrets.
      """)

  @Option(
    help: "paywatch's configuration, whose brokers and properties are meant.", completion: .file())
  var config: String?

  @Option(help: "Kafka brokers, as host:port,host:port.")
  var brokers: String?

  @Option(
    help: "With --brokers a property of librdkafka, such as security.protocol=SSL. May be repeated."
  )
  var property: [String] = []

  @Flag(help: "Make the topics that don't exist.")
  var create = false

  @Option(help: "How many brokers keep each message of a new topic; else the cluster's default.")
  var replication: Int32?

  @Option(help: "How to print them.")
  var format = OutputFormat.table

  func validate() throws {
    guard (config == nil) != (brokers == nil) else {
      throw ValidationError("Give --config or --brokers.")
    }
    guard config == nil || property.isEmpty else {
      throw ValidationError("--property belongs to --brokers: the configuration has its own.")
    }
    if let replication, !(1...32).contains(replication) {
      throw ValidationError("--replication is 1 to 32")
    }
    if let brokers { _ = try named(brokers) }
  }

  func run() async throws {
    let admin = try KafkaAdmin(kafka(), log: { StandardError.writeLine("kafka: \($0.text)") })
    let lines: [TopicLine]
    do {
      lines = try await read(admin)
    } catch {
      await admin.close()
      throw CommandFailure("\(error)")
    }
    await admin.close()
    switch format {
    case .json: try Answers.writeLines(lines)
    case .table: try TopicLine.table(lines).write()
    }
    let failures = lines.compactMap(\.failure)
    if !failures.isEmpty { throw CommandFailure(failures.joined(separator: "\n")) }
  }

  private func read(_ admin: KafkaAdmin) async throws -> [TopicLine] {
    let declared = TopicDeclaration.all(replication: replication)
    var found: [String: KafkaAdmin.Topic] = [:]
    for topic in declared { found[topic.name] = try await admin.describe(topic.name) }
    let missing = declared.filter { found[$0.name] == nil }
    let made = create && !missing.isEmpty ? try await admin.create(missing) : [:]
    return declared.map { TopicLine($0, found: found[$0.name], made: made[$0.name]) }
  }

  private func kafka() throws -> KafkaConfiguration {
    if let brokers { return try named(brokers) }
    let path = config ?? ""
    guard let kafka = try BooksDatabase.configuration(path).kafka else {
      throw CommandFailure("\(path) names no Kafka brokers")
    }
    do {
      return try kafka.configuration()
    } catch let error as KafkaConfiguration.Mistakes {
      throw CommandFailure("\(path): \(error)")
    }
  }

  private func named(_ brokers: String) throws -> KafkaConfiguration {
    var properties: [String: String] = [:]
    for text in property {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ValidationError("--property is name=value")
      }
      properties[String(parts[0])] = String(parts[1])
    }
    do {
      return try KafkaConfiguration(
        brokers: brokers.split(separator: ",").map { String($0) }, properties: properties)
    } catch {
      throw ValidationError(error.description)
    }
  }
}
