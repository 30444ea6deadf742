/// A figure beside its reference, both in `unit`.
struct Measurement: Encodable {
  let name: String
  let value: Double
  let unit: String
  let reference: String
  let referenceValue: Double
  let ratio: Double
  let goal: String?
  let reached: Bool?

  private enum Key: String, CodingKey {
    case name, value, unit, reference
    case referenceValue = "reference_value"
    case ratio, goal, reached
  }

  /// All members every time, null where there is no goal.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(value, forKey: .value)
    try container.encode(unit, forKey: .unit)
    try container.encode(reference, forKey: .reference)
    try container.encode(referenceValue, forKey: .referenceValue)
    try container.encode(ratio, forKey: .ratio)
    try container.encode(goal, forKey: .goal)
    try container.encode(reached, forKey: .reached)
  }
}
