package import ChainTypes

/// What sources say of one pair, taken together.
///
/// Of what is fresh the median is taken; what lies further from it than the rules allow is left
/// out, and the median of the rest is the rate, where enough sources are left. So a minority of
/// lying sources moves it no further than honest ones differ, and where there is no majority there
/// is no rate.
package struct Consensus: Sendable, Equatable {
  /// Nil where too few agree.
  package let rate: AgreedRate?
  /// By the sources' names.
  package let verdicts: [String: Verdict]

  package enum Verdict: String, Sendable, Equatable {
    case agrees
    case outlier
    case stale
  }

  package struct AgreedRate: Sendable, Equatable {
    package let value: ExactDecimal
    /// How many sources agree.
    package let sources: Int
    /// The last moment from which as many as are needed say so.
    package let asOf: Timestamp
  }

  /// - Parameters:
  ///   - observations: the latest of each source
  ///   - needed: how many must agree; at least 1
  package init(
    of observations: [Observation], at now: Timestamp, _ rules: RateRules, needed: Int
  ) {
    var verdicts: [String: Verdict] = [:]
    let fresh = observations.filter { $0.rate != .zero && $0.isFresh(at: now, rules) }
    for observation in observations { verdicts[observation.source] = .stale }
    let middle = Self.median(fresh.map(\.rate))
    let agreeing = fresh.filter { observation in
      let isNear =
        middle.map {
          observation.rate.isWithin(basisPoints: rules.outlierBasisPoints, of: $0)
        } ?? false
      verdicts[observation.source] = isNear ? .agrees : .outlier
      return isNear
    }
    self.verdicts = verdicts
    guard agreeing.count >= max(1, needed), let value = Self.median(agreeing.map(\.rate)) else {
      rate = nil
      return
    }
    let times = agreeing.map(\.time).sorted(by: >)
    rate = AgreedRate(
      value: value, sources: agreeing.count, asOf: min(times[max(1, needed) - 1], now))
  }

  /// The middle one; of an even number the mean of both in the middle.
  static func median(_ rates: [ExactDecimal]) -> ExactDecimal? {
    guard !rates.isEmpty else { return nil }
    let sorted = rates.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1
      ? sorted[middle] : ExactDecimal.mean(sorted[middle - 1], sorted[middle])
  }
}
