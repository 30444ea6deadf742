internal import EventLog

/// A topic as it is to be made.
package struct TopicDeclaration: Sendable, Equatable {
  package let name: String
  package let partitions: Int32
  /// How many brokers keep each message; nil for the cluster's default.
  package let replication: Int32?
  package let retentionDays: Int64

  package init(name: String, partitions: Int32, replication: Int32?, retentionDays: Int64) {
    self.name = name
    self.partitions = partitions
    self.replication = replication
    self.retentionDays = retentionDays
  }

  /// The topic's configuration at the brokers.
  package var settings: [(name: String, value: String)] {
    var settings = [
      ("cleanup.policy", "delete"),
      ("retention.ms", String(retentionDays * 86_400_000)),
      // A message is kept from when it came, however old the event is that it tells of.
      ("message.timestamp.type", "LogAppendTime"),
      ("max.message.bytes", String(KafkaProducer.maximumMessageBytes)),
      // Messages stay compressed as the producer sent them.
      ("compression.type", "producer"),
    ]
    if let replication, replication >= 3 { settings.append(("min.insync.replicas", "2")) }
    return settings
  }

  /// All topics of the event stream. The number of partitions is for ever: it decides which one a
  /// key's events are in.
  package static func all(replication: Int32?) -> [TopicDeclaration] {
    EventTopic.allCases.map { topic in
      let (partitions, days) = plan(of: topic)
      return TopicDeclaration(
        name: topic.name, partitions: partitions, replication: replication, retentionDays: days)
    }
  }

  private static func plan(of topic: EventTopic) -> (partitions: Int32, days: Int64) {
    switch topic {
    case .payment, .order, .supply, .claim, .notification: (12, 90)
    case .chain, .price: (3, 30)
    }
  }
}
