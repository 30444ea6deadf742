internal import Foundation

/// What a figure is to reach.
enum Goal {
  case ratioAtLeast(Double)
  case atLeast(Double, String)
  case atMost(Double, String)

  var text: String {
    switch self {
    case .ratioAtLeast(let ratio): "≥ \(ratio.formatted()) ×"
    case .atLeast(let value, let unit): "≥ \(value.formatted()) \(unit)"
    case .atMost(let value, let unit): "≤ \(value.formatted()) \(unit)"
    }
  }

  func isReached(value: Double, ratio: Double) -> Bool {
    switch self {
    case .ratioAtLeast(let goal): ratio >= goal
    case .atLeast(let goal, _): value >= goal
    case .atMost(let goal, _): value <= goal
    }
  }
}
