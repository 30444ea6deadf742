/// Something librdkafka has to say.
package struct KafkaLogLine: Sendable, Equatable {
  /// syslog's: 3 error, 4 warning, 5 notice, 6 information, 7 debugging.
  package let level: Int32
  /// What it is about, such as `FAIL`.
  package let facility: String
  package let text: String

  package static let maximumCharacters = 1_000

  package init(level: Int32, facility: String, text: String) {
    self.level = level
    self.facility = facility
    self.text = String(text.prefix(Self.maximumCharacters))
  }
}

/// Takes log lines, on librdkafka's threads: it must be quick.
package typealias KafkaLog = @Sendable (KafkaLogLine) -> Void
