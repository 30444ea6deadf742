internal import Bytes
internal import ChainTypes
internal import EventLog

/// A parked message as commands show it.
struct ParkedLine: Encodable {
  let place: String
  let subject: String?
  let sequence: Int64?
  let eventID: String?
  let reason: String
  let detail: String
  let attempts: Int
  let due: String?
  let parkedAt: String
  let traceparent: String?
  let messageBytes: Int
  /// In hexadecimal digits, where it is asked for.
  let message: String?

  init(_ message: ParkedMessage, withBytes: Bool = false) {
    place = "\(message.place)"
    subject = message.subject
    sequence = message.sequence
    eventID = message.id?.hex
    reason = message.reason.rawValue
    detail = message.detail
    attempts = message.attempts
    due = message.due?.description
    parkedAt = message.parkedAt.description
    traceparent = message.traceparent
    messageBytes = message.messageBytes
    self.message = withBytes ? Hex.encode(message.message) : nil
  }
}
