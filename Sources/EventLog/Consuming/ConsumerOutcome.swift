package import Bytes

/// What someone should know of, told once its transaction holds.
package enum ConsumerNotice: Sendable, Equatable {
  /// A message was put aside; `reason` blocks its subject.
  case parked(EventPlace, subject: String?, reason: ParkReason, detail: String)
  /// Two events claim one number of a subject: the fork alarm. The subject stands still.
  case fork(subject: String, sequence: Int64, known: Hash32, found: Hash32)
  /// An event came before the one that it follows, `expected`.
  case gap(subject: String, expected: Int64, found: Int64)
  /// Nothing of the subject is parked any more.
  case resumed(subject: String)
}

/// What a step of a consumer has done.
package struct ConsumerOutcome: Sendable, Equatable {
  /// Events that the handler took.
  package var handled = 0
  /// Events that aren't of interest to it.
  package var passedOver = 0
  /// Messages that were handled, parked or skipped before.
  package var duplicates = 0
  /// Messages that were put aside, for whatever reason.
  package var parked = 0
  package var notices: [ConsumerNotice] = []
  /// Whether the step met any message at all.
  package var isEmpty: Bool { handled + passedOver + duplicates + parked == 0 }

  static func += (a: inout ConsumerOutcome, b: ConsumerOutcome) {
    a.handled += b.handled
    a.passedOver += b.passedOver
    a.duplicates += b.duplicates
    a.parked += b.parked
    a.notices += b.notices
  }
}
