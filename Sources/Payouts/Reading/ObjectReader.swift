internal import Bytes
internal import JSON

/// An object's members taken by name; `finish` refuses those that nobody took.
struct ObjectReader {
  let place: String
  private let members: [JSONValue.Member]
  private var taken: Set<String> = []

  init(_ value: JSONValue, place: String) throws(PayoutFileError) {
    guard case .object(let members) = value else { throw .wrong(place, "an object") }
    self.members = members
    self.place = place
  }

  func path(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

  func wrong(_ name: String, _ wanted: String) -> PayoutFileError { .wrong(path(name), wanted) }

  mutating func value(_ name: String) throws(PayoutFileError) -> JSONValue {
    taken.insert(name)
    guard let member = members.first(where: { $0.name == name }) else {
      throw .missing(path(name))
    }
    return member.value
  }

  func has(_ name: String) -> Bool { members.contains { $0.name == name } }

  /// A text of 1 to `limit` bytes without control characters, unless it may have line breaks.
  mutating func text(
    _ name: String, limit: Int, mayBreak: Bool = false
  ) throws(PayoutFileError) -> String {
    guard let text = try value(name).string, (1...limit).contains(text.utf8.count) else {
      throw wrong(name, "a text of 1 to \(limit) bytes")
    }
    // What is shown on a terminal must not move its cursor, or turn the order of characters around.
    let isPlain = mayBreak ? text.split(separator: "\n").allSatisfy(\.isPlain) : text.isPlain
    guard isPlain else { throw wrong(name, "a text without control characters") }
    return text
  }

  /// A text that `make` understands.
  mutating func parsed<Value>(
    _ name: String, limit: Int, _ wanted: String, _ make: (String) -> Value?
  ) throws(PayoutFileError) -> Value {
    guard let value = make(try text(name, limit: limit)) else { throw wrong(name, wanted) }
    return value
  }

  /// The same, or nil for null; it must stand there all the same.
  mutating func optional<Value>(
    _ name: String, limit: Int, _ wanted: String, _ make: (String) -> Value?
  ) throws(PayoutFileError) -> Value? {
    guard try value(name) != .null else { return nil }
    return try parsed(name, limit: limit, wanted, make)
  }

  /// A whole number as JSON writes it.
  mutating func integer(_ name: String) throws(PayoutFileError) -> UInt64 {
    guard let number = try value(name).integer(UInt64.self) else {
      throw wrong(name, "a whole number of at most 64 bits")
    }
    return number
  }

  /// At most `limit` elements.
  mutating func elements(_ name: String, limit: Int) throws(PayoutFileError) -> [JSONValue] {
    guard let elements = try value(name).elements, elements.count <= limit else {
      throw wrong(name, "a list of at most \(limit)")
    }
    return elements
  }

  func finish() throws(PayoutFileError) {
    for member in members where !taken.contains(member.name) {
      throw .unknown(path(member.name.prefix(100).withoutControls))
    }
  }
}
