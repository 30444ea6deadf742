/// How an attempt ended.
package enum DeliveryOutcome: Sendable, Equatable {
  case sent(AttemptNote)
  /// It may go better later. Where the target asked for some patience, all of its deliveries wait.
  case retry(AttemptNote, afterSeconds: Int64? = nil)
  /// It couldn't be tried, or what failed isn't the target: it is tried again later, and the target
  /// is as well as before. `cause` is for whoever runs this, and stands in no record.
  case postponed(AttemptNote, afterSeconds: Int64? = nil, cause: String? = nil)
  /// It never will.
  case failed(AttemptNote)
  /// The target takes nothing any more: this one has failed, and what else waits is canceled.
  case gone(AttemptNote)
  /// It needn't be sent any more.
  case canceled(AttemptNote)

  package var note: AttemptNote {
    switch self {
    case .sent(let note), .retry(let note, _), .postponed(let note, _, _), .failed(let note),
      .gone(let note), .canceled(let note):
      note
    }
  }

  /// For logs alone.
  var cause: String? {
    if case .postponed(_, _, let cause) = self { cause } else { nil }
  }

  /// For metrics.
  package var name: String {
    switch self {
    case .sent: "sent"
    case .retry: "retry"
    case .postponed: "postponed"
    case .failed: "failed"
    case .gone: "gone"
    case .canceled: "canceled"
    }
  }
}

/// What the log keeps of an attempt: words without secrets.
package struct AttemptNote: Sendable, Equatable {
  package let detail: String
  /// The reply's, as HTTP and SMTP number them.
  package let code: Int?
  /// How the answer began.
  package let answer: String?

  package static let maximumDetailBytes = 500
  package static let maximumAnswerBytes = 1_024

  /// Cuts what is too long, and replaces U+0000, which PostgreSQL can't keep.
  package init(_ detail: String, code: Int? = nil, answer: String? = nil) {
    self.detail = Self.cut(detail, Self.maximumDetailBytes)
    self.code = code
    self.answer = answer.map { Self.cut($0, Self.maximumAnswerBytes) }
  }

  private static func cut(_ text: String, _ limit: Int) -> String {
    var kept = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      let shown: Unicode.Scalar = scalar == "\0" ? "\u{fffd}" : scalar
      count += UTF8.width(shown)
      guard count <= limit else { break }
      kept.append(shown)
    }
    return String(kept)
  }
}
