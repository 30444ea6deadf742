/// A figure beside its reference, both in `unit`: medians over the rounds.
struct Measurement: Encodable {
  /// The contest's, and what it measures and how.
  let contest: String
  let how: String
  let name: String
  let value: Double
  let unit: String
  let reference: String
  /// Nil, as is the ratio, where this machine doesn't have the reference.
  let referenceValue: Double?
  /// The median of the rounds' ratios.
  let ratio: Double?
  /// Half of the rounds' ratios are between these.
  let quartiles: ClosedRange<Double>?
  let goal: Goal?

  init(contest: Contest, _ comparison: Contest.Comparison, own: [Double], other: [Double]) {
    (self.contest, how) = (contest.name, contest.how)
    (name, unit) = (comparison.name, comparison.unit)
    (reference, goal) = (comparison.reference, comparison.goal)
    let ratios = zip(own, other).map { $0 / $1 }
    value = Self.quantile(own, 2)
    (referenceValue, ratio, quartiles) =
      ratios.isEmpty
      ? (nil, nil, nil)
      : (
        Self.quantile(other, 2), Self.quantile(ratios, 2),
        Self.quantile(ratios, 1)...Self.quantile(ratios, 3)
      )
  }

  var reached: Bool? { goal.flatMap { $0.isReached(value: value, ratio: ratio) } }

  /// Whether less is better: seconds and bytes, but not what is done in a second.
  var isCost: Bool { !unit.hasSuffix("/s") }

  /// The `quarter`th quartile, between neighbours in proportion. 0 of nothing.
  static func quantile(_ values: [Double], _ quarter: Int) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return 0 }
    let place = Double(sorted.count - 1) * Double(quarter) / 4
    let below = Int(place)
    let share = place - Double(below)
    return below + 1 < sorted.count
      ? sorted[below] + (sorted[below + 1] - sorted[below]) * share : last
  }

  private enum Key: String, CodingKey {
    case name, value, unit, reference
    case referenceValue = "reference_value"
    case ratio, goal, reached
  }

  /// All members every time, null where there is no goal or no reference.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(value, forKey: .value)
    try container.encode(unit, forKey: .unit)
    try container.encode(reference, forKey: .reference)
    try container.encode(referenceValue, forKey: .referenceValue)
    try container.encode(ratio, forKey: .ratio)
    try container.encode(goal?.text, forKey: .goal)
    try container.encode(reached, forKey: .reached)
  }
}
