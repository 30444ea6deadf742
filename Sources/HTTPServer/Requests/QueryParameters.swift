package import Hummingbird

/// A request's query, each parameter taken once by name; unknown and repeated ones are refused.
package struct QueryParameters {
  private let values: [String: String]
  private var taken: Set<String> = []

  /// Reads the query with `body` and refuses what it didn't take.
  package static func read<Value>(
    _ request: Request, _ body: (inout QueryParameters) throws -> Value
  ) throws -> Value {
    var values: [String: String] = [:]
    for (name, value) in request.uri.queryParameters {
      guard values.updateValue(String(value), forKey: String(name)) == nil else {
        throw Problem.invalidField(String(name), "The parameter occurs twice.")
      }
    }
    var parameters = QueryParameters(values: values)
    let result = try body(&parameters)
    let unknown = values.keys.filter { !parameters.taken.contains($0) }.sorted()
    guard unknown.isEmpty else {
      throw Problem.invalidFields(unknown.map { ($0, "Unknown parameter.") })
    }
    return result
  }

  private init(values: [String: String]) { self.values = values }

  package mutating func string(
    _ name: String, length: ClosedRange<Int> = 1...200
  ) throws(Problem) -> String? {
    taken.insert(name)
    guard let value = values[name] else { return nil }
    guard length.contains(value.utf8.count), !value.utf8.contains(0) else {
      throw .invalidField(
        name, "It must have \(length.lowerBound) to \(length.upperBound) bytes.")
    }
    return value
  }

  package mutating func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(Problem) -> Int64? {
    guard let text = try string(name) else { return nil }
    guard let number = Int64(text), range.contains(number) else {
      throw .invalidField(
        name, "It must be a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// One of `allowed`; nil where absent.
  package mutating func choice(
    _ name: String, of allowed: [String]
  ) throws(Problem) -> String? {
    guard let value = try string(name) else { return nil }
    guard allowed.contains(value) else {
      throw .invalidField(name, "It must be one of \(allowed.joined(separator: ", ")).")
    }
    return value
  }

  /// `limit` (1 to 1000, 50 unless told) and `after` (the cursor of the page before).
  package mutating func page() throws(Problem) -> PageRequest {
    let limit = try integer("limit", in: 1...PageRequest.limitMaximum)
    let after = try string("after", length: 1...200)
    return PageRequest(limit: Int(limit ?? PageRequest.limitDefault), after: after)
  }

  /// The same of a list that goes on after a record's id, which begins with `prefix_`.
  package mutating func page(ofIDs prefix: String) throws(Problem) -> PageRequest {
    let page = try page()
    if let after = page.after, !after.hasPrefix(prefix + "_") || after.utf8.count > 64 {
      throw .invalidField("after", "It must be a \(prefix)_… id, as next_after gives it.")
    }
    return page
  }
}
