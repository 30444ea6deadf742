/// Why an event can't be appended or read.
package enum EventLogError: Error, Sendable, Equatable {
  /// Another event already has that number in the subject: two histories of one aggregate.
  /// Nothing may go on with it before a person has looked.
  case fork(subject: String, sequence: Int64)
  /// The event's expected sequence lies beyond the subject's next one.
  case gap(subject: String, expected: Int64, next: Int64)
  case invalidType(bytes: Int)
  case invalidSubject(bytes: Int)
  /// Not a JSON object, or too long.
  case invalidData(type: String, subject: String, bytes: Int)
  /// A filter names more types than `EventFilter.maximumTypes`.
  case tooManyTypes(Int)
  /// A reader comes from a position that the log hasn't reached.
  case positionAhead(Int64, last: Int64)
  /// A stored id is not 32 bytes.
  case invalidStoredID(subject: String, sequence: Int64)
}
