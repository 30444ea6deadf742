package import EventLog

/// The relay's way to the brokers. All its producers have one transactional id, so each puts out
/// those before it.
package struct KafkaEventSink: EventSink {
  private let configuration: KafkaConfiguration
  private let topics: Set<EventTopic>
  private let transactionalID: String
  private let timeout: Duration
  private let log: KafkaLog

  /// `topics` are those of the database's events: another one may add to others. `transactionalID`
  /// is the same for all relays of one database, and no other's. `timeout` bounds a transaction.
  package init(
    _ configuration: KafkaConfiguration, topics: Set<EventTopic> = Set(EventTopic.allCases),
    transactionalID: String = "paywatch-relay",
    timeout: Duration = .seconds(60), log: @escaping KafkaLog
  ) {
    self.configuration = configuration
    self.topics = topics
    self.transactionalID = transactionalID
    self.timeout = timeout
    self.log = log
  }

  package func open() async throws -> any EventSinkSession {
    try await KafkaSinkSession.translatingErrors {
      let producer = try KafkaProducer(
        configuration, transactionalID: transactionalID, timeout: timeout, log: log)
      do {
        // First: from here on nobody adds to what is looked at next.
        try await producer.initTransactions()
        let state = try await lookAround()
        return KafkaSinkSession(producer, state)
      } catch {
        await producer.close()
        throw error
      }
    }
  }

  /// What the brokers hold, while a relay may be adding to that. Puts nobody out.
  package func look() async throws -> SinkState {
    try await KafkaSinkSession.translatingErrors { try await lookAround() }
  }

  private func lookAround() async throws -> SinkState {
    let consumer = try KafkaConsumer(configuration, log: log)
    do {
      let state = try await TailReader(consumer).read(topics)
      await consumer.close()
      return state
    } catch {
      await consumer.close()
      throw error
    }
  }
}
