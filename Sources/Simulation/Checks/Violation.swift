/// A promise that was broken, and how.
package struct Violation: Error, Hashable, CustomStringConvertible {
  package let promise: Int
  package let what: String

  init(_ promise: Int, _ what: String) {
    self.promise = promise
    self.what = what
  }

  package var description: String { "promise \(promise) broken: \(what)" }
}

/// What a checker has found so far.
struct Findings {
  private(set) var violations: [Violation] = []

  mutating func require(
    _ holds: Bool, promise: Int, _ what: @autoclosure () -> String
  ) {
    // A few tell what is wrong; thousands tell nothing more.
    if !holds, violations.count < 20 { violations.append(Violation(promise, what())) }
  }
}
