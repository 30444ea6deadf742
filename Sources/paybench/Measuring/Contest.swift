internal import Foundation

/// One of our figures and what it is held against.
struct Contest {
  let name: String
  let unit: String
  /// Does a round's work and gives the figure.
  let ours: () -> Double
  let references: [Reference]

  struct Reference {
    let name: String
    var goal: Goal?
    let run: () -> Double
  }

  /// One measurement for each reference, all from the same rounds.
  func measure(rounds: Int) -> [Measurement] {
    // Once unmeasured: page faults and lazily made tables aren't the work.
    _ = ours()
    for reference in references { _ = reference.run() }
    var figures: [Double] = []
    var others = [[Double]](repeating: [], count: references.count)
    for round in 0..<rounds {
      // Whoever comes first alternates.
      if round % 2 == 0 { figures.append(ours()) }
      for (place, reference) in references.enumerated() { others[place].append(reference.run()) }
      if round % 2 == 1 { figures.append(ours()) }
    }
    let value = Self.median(figures)
    return references.enumerated().map { place, reference in
      let ratio = Self.median(zip(figures, others[place]).map { $0 / $1 })
      return Measurement(
        name: name, value: value, unit: unit, reference: reference.name,
        referenceValue: Self.median(others[place]), ratio: ratio, goal: reference.goal?.text,
        reached: reference.goal?.isReached(value: value, ratio: ratio))
    }
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    guard !sorted.isEmpty else { return 0 }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

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
