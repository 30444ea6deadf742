/// Where a value stands inside another: names separated by points, and `[n]` behind a name or at
/// the start for the nth element of an array, counted from 0. `*` stands for the only member or
/// element that there is: `result.*.c[0]`.
package struct JSONPath: Hashable, Sendable, CustomStringConvertible {
  private enum Step: Hashable, Sendable {
    case name(String)
    case element(Int)
    case only
  }

  private let steps: [Step]
  package let description: String

  package static let maximumBytes = 200

  /// Nil where it isn't one.
  package init?(_ text: String) {
    guard (1...Self.maximumBytes).contains(text.utf8.count) else { return nil }
    var steps: [Step] = []
    for (place, part) in text.split(separator: ".", omittingEmptySubsequences: false).enumerated() {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      let name = pieces.first ?? ""
      // Only the first may be indexes alone.
      guard !name.isEmpty || (place == 0 && pieces.count > 1), !name.contains("]") else {
        return nil
      }
      if !name.isEmpty { steps.append(name == "*" ? .only : .name(String(name))) }
      for piece in pieces.dropFirst() {
        let digits = piece.dropLast()
        guard piece.last == "]", (1...6).contains(digits.utf8.count),
          digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(digits)
        else { return nil }
        steps.append(.element(index))
      }
    }
    self.steps = steps
    description = text
  }

  /// The value at the path; nil where there is none.
  package func value(in json: JSONValue) -> JSONValue? {
    var value = json
    for step in steps {
      let next: JSONValue?
      switch (step, value) {
      case (.name(let name), .object): next = value[name]
      case (.element(let index), .array(let elements)):
        next = elements.indices.contains(index) ? elements[index] : nil
      case (.only, .object(let members)):
        next = members.count == 1 ? members[0].value : nil
      case (.only, .array(let elements)): next = elements.count == 1 ? elements[0] : nil
      default: next = nil
      }
      guard let next else { return nil }
      value = next
    }
    return value
  }
}
