internal import Kafka

/// One topic as `payctl topics` prints it.
struct TopicLine: Encodable {
  let topic: String
  let partitions: Int32
  let retentionDays: Int64
  /// `missing`, `exists`, `differs`, `created` or `failed`.
  let state: String
  /// What differs, or why it can't be made.
  let note: String?

  private enum CodingKeys: String, CodingKey {
    case topic, partitions, state, note
    case retentionDays = "retention_days"
  }

  init(
    _ declared: TopicDeclaration, found: KafkaAdmin.Topic?, made: KafkaAdmin.Creation?
  ) {
    topic = declared.name
    partitions = declared.partitions
    retentionDays = declared.retentionDays
    if let found {
      note = Self.differences(declared, found)
      state = note == nil ? "exists" : "differs"
      return
    }
    switch made {
    case nil: (state, note) = ("missing", nil)
    case .created: (state, note) = ("created", nil)
    case .existed: (state, note) = ("exists", nil)
    case .failed(let error): (state, note) = ("failed", error.description)
    }
  }

  var failure: String? { state == "failed" ? "\(topic): \(note ?? "")" : nil }

  private static func differences(
    _ declared: TopicDeclaration, _ found: KafkaAdmin.Topic
  ) -> String? {
    var notes: [String] = []
    if found.partitions != declared.partitions { notes.append("\(found.partitions) partitions") }
    if let milliseconds = found.retentionMilliseconds,
      milliseconds != declared.retentionDays * 86_400_000
    {
      notes.append("retention.ms \(milliseconds)")
    }
    return notes.isEmpty ? nil : "has " + notes.joined(separator: ", ")
  }

  static func table(_ lines: [TopicLine]) -> Table {
    var table = Table("topic", "partitions", "retention", "state", "note")
    for line in lines {
      table.append(
        line.topic, "\(line.partitions)", "\(line.retentionDays) days", line.state,
        line.note ?? "")
    }
    return table
  }
}
