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

  /// The relay's way to the brokers. All relays of a region share one transactional id, by which a
  /// new one puts out those before it.
  package func sink(region: String, log: @escaping KafkaLog) throws -> KafkaEventSink {
    KafkaEventSink(
      try configuration(), transactionalID: "paywatch-relay-\(region)", log: log)
  }
}
