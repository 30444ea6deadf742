package import EventLog
package import Kafka
package import Settings

extension KafkaSettings {
  /// How to reach the brokers; throws `KafkaConfiguration.Mistakes`.
  package func configuration() throws -> KafkaConfiguration {
    var properties = properties
    if let password { properties["sasl.password"] = password.text }
    return try KafkaConfiguration(
      brokers: brokers.split(separator: ",").map(String.init), properties: properties)
  }

  /// A name in `topics` that no topic has.
  package struct UnknownTopic: Error, CustomStringConvertible {
    package let name: String

    package var description: String {
      "There is no topic \(name); topics are "
        + EventTopic.allCases.map(\.name).joined(separator: ", ") + "."
    }
  }

  /// The topics of the database's events.
  package func eventTopics() throws(UnknownTopic) -> Set<EventTopic> {
    guard let topics else { return Set(EventTopic.allCases) }
    var found: Set<EventTopic> = []
    for name in topics {
      guard let topic = EventTopic(name: name) else { throw UnknownTopic(name: name) }
      found.insert(topic)
    }
    return found
  }

  /// The relay's way to the brokers. All relays of a region's database share one transactional id,
  /// by which a new one puts out those before it; databases that have topics of their own have ids
  /// of their own.
  package func sink(region: String, log: @escaping KafkaLog) throws -> KafkaEventSink {
    let own = topics.map { names in names.sorted().map { "-\($0)" }.joined() } ?? ""
    return KafkaEventSink(
      try configuration(), topics: try eventTopics(),
      transactionalID: "paywatch-relay-\(region)\(own)", log: log)
  }
}
