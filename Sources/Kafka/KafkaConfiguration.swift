/// How to reach the brokers.
package struct KafkaConfiguration: Sendable {
  /// `host:port`, at least one; the others are learnt from them.
  package let brokers: [String]
  /// Further properties of librdkafka, such as `security.protocol`, `ssl.ca.location` and
  /// `sasl.mechanism`.
  package let properties: [String: String]

  package static let maximumBrokers = 64
  package static let maximumProperties = 128

  /// Everything that is wrong with a configuration, each mistake in one sentence.
  package struct Mistakes: Error, Sendable, Equatable, CustomStringConvertible {
    package let sentences: [String]

    package var description: String { sentences.joined(separator: "; ") }
  }

  /// What must stay as it is for events to be sent once and read whole.
  private static let reserved: Set<String> = [
    "acks", "allow.auto.create.topics", "auto.offset.reset", "bootstrap.servers",
    "builtin.features", "check.crcs", "enable.auto.commit", "enable.auto.offset.store",
    "enable.gapless.guarantee", "enable.idempotence", "enable.partition.eof", "group.id",
    "isolation.level", "log.queue", "metadata.broker.list", "opaque", "partitioner",
    "plugin.library.paths", "request.required.acks", "transactional.id",
  ]

  package init(brokers: [String], properties: [String: String] = [:]) throws(Mistakes) {
    self.brokers = brokers
    self.properties = properties
    var sentences: [String] = []
    if brokers.isEmpty { sentences.append("no Kafka broker is named") }
    if brokers.count > Self.maximumBrokers {
      sentences.append("more than \(Self.maximumBrokers) Kafka brokers are named")
    }
    for broker in brokers where !Self.isAddress(broker) {
      sentences.append("\(broker) is not a broker's host:port")
    }
    if properties.count > Self.maximumProperties {
      sentences.append("more than \(Self.maximumProperties) Kafka properties are set")
    } else {
      let trial = KafkaProperties()
      for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
        if Self.reserved.contains(name) {
          sentences.append("the Kafka property \(name) is set by Paywatch itself")
        } else if let mistake = trial.set(name, value) {
          sentences.append("the Kafka property \(name): \(mistake)")
        }
      }
    }
    guard sentences.isEmpty else { throw Mistakes(sentences: sentences) }
  }

  /// `host:port` or `[v6]:port`, with nothing that could end the list's element.
  private static func isAddress(_ text: String) -> Bool {
    guard text.utf8.count <= 300, let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
      colon > text.startIndex,
      let port = UInt16(text[text.index(after: colon)...]), port > 0
    else { return false }
    return text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ",") }
  }
}
