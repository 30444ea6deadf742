package import ChainTypes

/// When what sources say becomes a rate, how long that may be used, and when a new one is told.
package struct RateRules: Sendable, Equatable {
  /// For so long a rate may be used after enough sources stood behind it.
  package var maximumAgeSeconds: Int64
  /// What is further than so many parts of ten thousand from the median doesn't count.
  package var outlierBasisPoints: UInt64
  /// How many sources must agree; nil for the majority of a pair's.
  package var minimumSources: Int?
  /// A rate that is further than this from the one told last is told,
  package var publishBasisPoints: UInt64
  /// and any that comes so long after it.
  package var publishSeconds: Int64

  package init(
    maximumAgeSeconds: Int64 = 300, outlierBasisPoints: UInt64 = 200, minimumSources: Int? = nil,
    publishBasisPoints: UInt64 = 50, publishSeconds: Int64 = 300
  ) {
    self.maximumAgeSeconds = maximumAgeSeconds
    self.outlierBasisPoints = outlierBasisPoints
    self.minimumSources = minimumSources
    self.publishBasisPoints = publishBasisPoints
    self.publishSeconds = publishSeconds
  }

  /// How many of a pair's sources must agree.
  package func needed(of sources: Int) -> Int {
    max(1, min(minimumSources ?? sources / 2 + 1, sources))
  }

  /// Whether a rate is to be told after the one that was told last.
  package func isNews(
    _ rate: ExactDecimal, at time: Timestamp, after told: (rate: ExactDecimal, time: Timestamp)?
  ) -> Bool {
    guard let told else { return true }
    // What hasn't changed is told from time to time, too: so whoever follows knows that it stands.
    return time >= told.time.adding(seconds: publishSeconds)
      // A clock that was set back.
      || time < told.time
      || (rate != told.rate && !rate.isWithin(basisPoints: publishBasisPoints, of: told.rate))
  }
}
