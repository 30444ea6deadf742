/// Why an event can't be appended or read.
package enum EventLogError: Error, Sendable, Equatable {
  case invalidType(bytes: Int)
  case invalidSubject(bytes: Int)
  /// Not a JSON object, or too long.
  case invalidData(type: String, subject: String, bytes: Int)
  /// A filter names more types than `EventFilter.maximumTypes`.
  case tooManyTypes(Int)
  /// A reader comes from a position that the log hasn't reached.
  case positionAhead(Int64, last: Int64)
  /// A reader comes from a position whose next events retention has removed: it has missed some.
  case positionRemoved(Int64, through: Int64)
  /// A stored id is not 32 bytes.
  case invalidStoredID(subject: String, sequence: Int64)
}
