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

  init(_ error: any Error) {
    self = error is EventRefusal ? .refused("\(error)") : .failed("\(error)")
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
}
