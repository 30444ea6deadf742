package import Bytes
package import ChainTypes

/// An event that waits to be appended: everything but its sequence and its id.
package struct EventDraft: Sendable, Equatable {
  package let type: String
  package let subject: String
  package let tenant: String?
  /// The digest of the fact that caused the event.
  package let cause: Hash32
  package let time: Timestamp
  /// A JSON object, written the same way every time for the same fact.
  package let data: String

  package static let maximumTypeBytes = 128
  package static let maximumSubjectBytes = 256
  package static let maximumDataBytes = 1 << 20

  package init(
    type: String, subject: String, tenant: String? = nil, cause: Hash32, time: Timestamp,
    data: String
  ) {
    self.type = type
    self.subject = subject
    self.tenant = tenant
    self.cause = cause
    self.time = time
    self.data = data
  }

  /// Checks the bounds of what is stored and told.
  func validate() throws(EventLogError) {
    guard (1...Self.maximumTypeBytes).contains(type.utf8.count) else {
      throw .invalidType(bytes: type.utf8.count)
    }
    guard (1...Self.maximumSubjectBytes).contains(subject.utf8.count) else {
      throw .invalidSubject(bytes: subject.utf8.count)
    }
    guard data.utf8.count <= Self.maximumDataBytes, data.utf8.first == UInt8(ascii: "{"),
      data.utf8.last == UInt8(ascii: "}")
    else {
      throw .invalidData(type: type, subject: subject, bytes: data.utf8.count)
    }
  }
}
