package import Bytes
package import ChainTypes
internal import Database

/// A message that a consumer has put aside, as the inbox keeps it.
package struct ParkedMessage: Sendable, Equatable {
  package let place: EventPlace
  /// Nil where nobody can tell to which subject it belongs.
  package let subject: String?
  /// Nil where it is no event.
  package let sequence: Int64?
  package let id: Hash32?
  package let reason: ParkReason
  /// What is wrong, in words.
  package let detail: String
  /// How often the handler has failed on it.
  package let attempts: Int
  /// When it is handled next; nil where something else must happen first.
  package let due: Timestamp?
  package let parkedAt: Timestamp
  package let traceparent: String?
  /// The message as it came, or its first bytes where it is longer than any event.
  package let message: [UInt8]
  /// How long it came.
  package let messageBytes: Int

  /// Of what is longer than any event, enough to see what it is.
  package static let keptBytesOfTooLong = 4 << 10
  static let maximumDetailBytes = 1_000

  static let columns = """
    source, place, subject, sequence, event_id, reason, detail, attempts, due, parked_at, \
    traceparent, message, message_bytes
    """

  init(
    _ message: ReceivedMessage, subject: String?, sequence: Int64?, id: Hash32?,
    reason: ParkReason, detail: String, attempts: Int, due: Timestamp?, parkedAt: Timestamp
  ) {
    place = message.place
    self.subject = subject
    self.sequence = sequence
    self.id = id
    self.reason = reason
    self.detail = Self.bounded(detail)
    self.attempts = attempts
    self.due = due
    self.parkedAt = parkedAt
    traceparent = message.traceparent
    let isKeptWhole = message.value.count <= CloudEvent.maximumBytes
    self.message =
      isKeptWhole ? message.value : Array(message.value.prefix(Self.keptBytesOfTooLong))
    messageBytes = message.value.count
  }

  init(_ row: SQLRow) throws {
    guard let partition = EventPartition(try row.text("source")) else {
      throw ConsumerError.corrupt("inbox_parked.source")
    }
    place = EventPlace(partition, try row.integer("place"))
    subject = try row.optionalText("subject")
    sequence = try row.optionalInteger("sequence")
    id = try row.optionalBlob("event_id").map { bytes in
      guard let id = Hash32(bytes) else { throw ConsumerError.corrupt("inbox_parked.event_id") }
      return id
    }
    guard let reason = ParkReason(rawValue: try row.text("reason")) else {
      throw ConsumerError.corrupt("inbox_parked.reason")
    }
    self.reason = reason
    detail = try row.text("detail")
    attempts = Int(clamping: try row.integer("attempts"))
    due = try row.optionalInteger("due").map { Timestamp(microseconds: $0) }
    parkedAt = Timestamp(microseconds: try row.integer("parked_at"))
    traceparent = try row.optionalText("traceparent")
    message = try row.blob("message")
    messageBytes = Int(clamping: try row.integer("message_bytes"))
  }

  var arguments: [SQLValue] {
    [
      .text(place.partition.description), .integer(place.offset), .optional(subject),
      .optional(sequence), .optional(id?.bytes), .text(reason.rawValue), .text(detail),
      .integer(Int64(attempts)), .optional(due?.microseconds),
      .integer(parkedAt.microseconds), .optional(traceparent), .blob(message),
      .integer(Int64(messageBytes)),
    ]
  }

  /// The message as the source gave it.
  var received: ReceivedMessage {
    ReceivedMessage(
      place: place, key: subject.map { Array($0.utf8) }, value: message, traceparent: traceparent)
  }

  /// Whether the message was too long to be kept whole.
  package var isCut: Bool { message.count < messageBytes }

  private static func bounded(_ text: String) -> String {
    var result = ""
    for character in text where character != "\0" {
      guard result.utf8.count + character.utf8.count <= maximumDetailBytes else { break }
      result.append(character)
    }
    return result
  }
}
