internal import Database

/// What a handler has thrown at an event, which undid the transaction.
struct HandlerFailure: Error {
  let place: EventPlace
  let verdict: HandlerVerdict
}

/// What is known of an event before it is handled again: that its handler didn't take it.
enum HandlerVerdict: Sendable, Equatable {
  case refused(String)
  case failed(String)
  /// Its statements took too long, which may have been the database's doing.
  case slow(String)

  init(_ error: any Error) {
    self =
      switch error {
      case is EventRefusal: .refused("\(error)")
      case DatabaseError.timedOut(let reason): .slow(reason)
      default: .failed("\(error)")
      }
  }
}

extension DatabaseError {
  /// Whether the handler's own statements are to blame, so that other events fare better. All else
  /// befalls the whole transaction.
  var isHandlersFault: Bool {
    switch self {
    case .statement, .invalidText, .transactionControl, .readOnly, .notPermitted,
      .unexpectedValue, .unexpectedRowCount:
      true
    default: isConstraintViolation
    }
  }

  /// What the engine says of a statement that took too long.
  var timeout: String? { if case .timedOut(let reason) = self { reason } else { nil } }
}
