package import JSON

/// The members of a JSON object in a request's body, each taken once by name. What nobody took is
/// an error, so that a misspelt field never passes unnoticed.
///
/// All errors are `Problem`s that name the field by its path.
package struct JSONFields {
  /// The parser refused duplicate names. They are few, so they are looked through.
  private let members: [JSONValue.Member]
  private let path: String
  private var taken: [String] = []

  init(_ members: [JSONValue.Member], path: String) {
    self.members = members
    self.path = path
  }

  /// Reads an object's fields with `body` and refuses those that it didn't take.
  package static func read<Value>(
    _ json: JSONValue, path: String = "", _ body: (inout JSONFields) throws -> Value
  ) throws -> Value {
    guard case .object(let members) = json else {
      throw Problem.invalidField(
        path.isEmpty ? "body" : path, "It must be an object, not \(json.kind).")
    }
    var fields = JSONFields(members, path: path)
    let value = try body(&fields)
    try fields.refuseUnknown()
    return value
  }

  /// The member's value; nil where it is absent or null.
  package mutating func optional(_ name: String) -> JSONValue? {
    taken.append(name)
    guard let member = members.first(where: { $0.name == name }), member.value != .null
    else { return nil }
    return member.value
  }

  package mutating func required(_ name: String) throws(Problem) -> JSONValue {
    guard let value = optional(name) else {
      throw .invalidField(self.name(name), "It is required.")
    }
    return value
  }

  /// A string of `length` characters in UTF-8 bytes, without U+0000.
  package mutating func string(
    _ name: String, length: ClosedRange<Int> = 1...1_000
  ) throws(Problem) -> String {
    try text(name, required(name), length)
  }

  package mutating func optionalString(
    _ name: String, length: ClosedRange<Int> = 1...1_000
  ) throws(Problem) -> String? {
    guard let value = optional(name) else { return nil }
    return try text(name, value, length)
  }

  /// A whole number, written without fraction or exponent.
  package mutating func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(Problem) -> Int64 {
    try number(name, required(name), range)
  }

  package mutating func optionalInteger(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(Problem) -> Int64? {
    guard let value = optional(name) else { return nil }
    return try number(name, value, range)
  }

  /// A nested object as it stands, whatever its members; nil where it is absent or null.
  package mutating func optionalFreeObject(
    _ name: String, byteLimit: Int = 4_096
  ) throws(Problem) -> JSONValue? {
    guard let value = optional(name) else { return nil }
    guard case .object = value else { throw mismatch(name, "an object", value) }
    guard value.bytes.count <= byteLimit else {
      throw .invalidField(self.name(name), "It may have at most \(byteLimit) bytes as JSON.")
    }
    return value
  }

  /// The field's path, for a `Problem` about its content.
  package func name(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  private func refuseUnknown() throws(Problem) {
    let unknown = members.map(\.name).filter { !taken.contains($0) }
    guard !unknown.isEmpty else { return }
    let known = Set(taken).sorted().joined(separator: ", ")
    throw .invalidFields(
      unknown.prefix(20).map { (name(String($0.prefix(100))), "Unknown field. Known: \(known).") })
  }

  private func text(
    _ name: String, _ value: JSONValue, _ length: ClosedRange<Int>
  ) throws(Problem) -> String {
    guard case .string(let text) = value else { throw mismatch(name, "a string", value) }
    guard length.contains(text.utf8.count), !text.utf8.contains(0) else {
      throw .invalidField(
        self.name(name),
        "It must have \(length.lowerBound) to \(length.upperBound) bytes, none of them U+0000.")
    }
    return text
  }

  private func number(
    _ name: String, _ value: JSONValue, _ range: ClosedRange<Int64>
  ) throws(Problem) -> Int64 {
    guard case .number(let text) = value else { throw mismatch(name, "a whole number", value) }
    guard !text.utf8.contains(where: { [0x2e, 0x45, 0x65].contains($0) }) else {
      throw .invalidField(
        self.name(name), "It must be a whole number, without fraction or exponent.")
    }
    guard let number = Int64(text), range.contains(number) else {
      throw .invalidField(
        self.name(name), "It must lie from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  private func mismatch(_ name: String, _ expected: String, _ found: JSONValue) -> Problem {
    .invalidField(self.name(name), "It must be \(expected), not \(found.kind).")
  }
}
