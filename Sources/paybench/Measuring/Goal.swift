internal import Foundation

/// What a figure is to reach.
enum Goal {
  case ratioAtLeast(Double)
  case ratioAtMost(Double)
  case atLeast(Double, String)
  case atMost(Double, String)

  var text: String {
    switch self {
    case .ratioAtLeast(let ratio): "≥ \(Self.number(ratio)) ×"
    case .ratioAtMost(let ratio): "≤ \(Self.number(ratio)) ×"
    case .atLeast(let value, let unit): "≥ \(Self.number(value)) \(unit)"
    case .atMost(let value, let unit): "≤ \(Self.number(value)) \(unit)"
    }
  }

  /// Nil where the goal is a ratio and there is none.
  func isReached(value: Double, ratio: Double?) -> Bool? {
    switch self {
    case .ratioAtLeast(let goal): ratio.map { $0 >= goal }
    case .ratioAtMost(let goal): ratio.map { $0 <= goal }
    case .atLeast(let goal, _): value >= goal
    case .atMost(let goal, _): value <= goal
    }
  }

  /// The ratio at which the goal is reached, beside a reference of this value.
  func ratio(beside reference: Double) -> Double {
    switch self {
    case .ratioAtLeast(let ratio), .ratioAtMost(let ratio): ratio
    case .atLeast(let value, _), .atMost(let value, _): value / reference
    }
  }

  /// The same everywhere, whatever the user's language.
  private static func number(_ value: Double) -> String {
    value.formatted(.number.locale(Locale(identifier: "en_US")))
  }
}
