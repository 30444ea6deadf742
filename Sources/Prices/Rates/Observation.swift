package import ChainTypes

/// What one source said of a pair.
package struct Observation: Sendable, Equatable {
  package let source: String
  package let rate: ExactDecimal
  /// When the question was sent.
  package let askedAt: Timestamp
  /// The source's own word on when it was so, where it gives one; at most a minute after `askedAt`.
  package let sourceTime: Timestamp?
  /// For how long it counts beside newer ones.
  package let freshSeconds: Int64

  /// Another's clock may be so far ahead: a source's, or that of whoever wrote a rate.
  package static let toleratedSeconds: Int64 = 60

  package init(
    source: String, rate: ExactDecimal, askedAt: Timestamp, sourceTime: Timestamp? = nil,
    freshSeconds: Int64
  ) {
    self.source = source
    self.rate = rate
    self.askedAt = askedAt
    self.sourceTime = sourceTime
    self.freshSeconds = freshSeconds
  }

  /// From when it is.
  var time: Timestamp { min(askedAt, sourceTime ?? askedAt) }

  /// Whether it counts at `now`. What was asked later than now was asked by a clock that has been
  /// set back since.
  func isFresh(at now: Timestamp, _ rules: RateRules) -> Bool {
    askedAt <= now.adding(seconds: Self.toleratedSeconds)
      && now <= askedAt.adding(seconds: min(freshSeconds, rules.maximumAgeSeconds))
      && now <= time.adding(seconds: rules.maximumAgeSeconds)
  }
}
