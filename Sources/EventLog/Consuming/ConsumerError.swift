/// Why a consumer can't go on, or an operator's decision can't be carried out.
package enum ConsumerError: Error, Sendable, Equatable {
  case invalidName(bytes: Int)
  /// The consumer began otherwise; where it begins is decided once.
  case startChanged(consumer: String, stored: ConsumerStart)
  /// More is parked than may be. Nothing is lost: the consumer stands until some of it is decided.
  case tooMuchParked(consumer: String, messages: Int64, bytes: Int64)
  /// Another instance or an operator has moved a place back.
  case placeMoved(EventPartition)
  case unknownConsumer(String)
  case notParked(EventPlace)
  /// Only the subject's next event can be skipped; what is missing before it comes first.
  case notNext(EventPlace, expected: Int64?)
  /// Only its beginning was kept, so it can be skipped but not handled.
  case messageCut(EventPlace)
  /// Nothing is missing between what was handled and what waits.
  case noGap(subject: String)
  case corrupt(String)
}

/// Thrown by a handler for an event that it will never take, however often it comes.
package struct EventRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  package let reason: String

  package init(_ reason: String) { self.reason = reason }

  package var description: String { reason }
}
