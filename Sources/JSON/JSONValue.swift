/// A JSON value (RFC 8259) as a tree, for requests and small answers.
///
/// Numbers stay the text they came as: an amount never passes through a floating-point number.
/// Objects keep the order of their members, and have each name once.
package indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number's own text, such as `12` or `-1.5e3`.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Sendable, Equatable {
    package let name: String
    package let value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  package static func integer(_ value: some BinaryInteger) -> JSONValue {
    .number(String(value))
  }

  /// The string, or null where there is none.
  package static func optional(_ value: String?) -> JSONValue {
    value.map { .string($0) } ?? .null
  }

}

// Reading.
extension JSONValue {
  /// The one value that `bytes` hold.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    try self.init(parsing: bytes, range: bytes.indices)
  }

  /// The one value that stands in `range` of `bytes`.
  package init(parsing bytes: [UInt8], range: Range<Int>) throws(JSONError) {
    var reader = JSONReader(bytes, range: range)
    self = try JSONValue(reading: &reader)
    try reader.expectEnd()
  }

  /// The value that comes next.
  package init(reading reader: inout JSONReader) throws(JSONError) {
    switch reader.peek() {
    case nil: throw .endOfInput(offset: reader.offset)
    case UInt8(ascii: "\""): self = .string(try reader.readString())
    case UInt8(ascii: "{"):
      var members: [Member] = []
      var names: Set<String> = []
      try reader.readObject { (reader, name) throws(JSONError) in
        guard names.insert(name).inserted else {
          throw .duplicateName(name, offset: reader.offset)
        }
        members.append(Member(name, try JSONValue(reading: &reader)))
      }
      self = .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try reader.readArray { (reader) throws(JSONError) in
        elements.append(try JSONValue(reading: &reader))
      }
      self = .array(elements)
    default:
      let start = reader.offset
      let token = try reader.readBareToken()
      switch token {
      case "null": self = .null
      case "true": self = .bool(true)
      case "false": self = .bool(false)
      default:
        guard Self.isNumber(token) else { throw .invalidToken(token, offset: start) }
        self = .number(token)
      }
    }
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private static func isNumber(_ token: String) -> Bool {
    var rest = token.utf8[...]
    func skipDigits() -> Int {
      let count = rest.prefix { (0x30...0x39).contains($0) }.count
      rest = rest.dropFirst(count)
      return count
    }
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let startsWithZero = rest.first == UInt8(ascii: "0")
    let digits = skipDigits()
    guard digits > 0, digits == 1 || !startsWithZero else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard skipDigits() > 0 else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
        rest = rest.dropFirst()
      }
      guard skipDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}

// Looking inside. A value of another type is nil.
extension JSONValue {
  /// An object's member of that name.
  package subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  package var elements: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package var string: String? {
    guard case .string(let string) = self else { return nil }
    return string
  }

  package var flag: Bool? {
    guard case .bool(let flag) = self else { return nil }
    return flag
  }

  /// An integer written without fraction or exponent that fits `type`.
  package func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
    guard case .number(let text) = self else { return nil }
    return Integer(text)
  }

  /// What kind of value it is, in the words of a message.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

// Writing.
extension JSONValue {
  /// Compact JSON in UTF-8.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return bytes
  }

  /// Compact JSON.
  package var json: String { String(decoding: bytes, as: UTF8.self) }

  private func append(to bytes: inout [UInt8]) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .number(let text): bytes += text.utf8
    case .string(let value): Self.appendString(value, to: &bytes)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.appendString(member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.append(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Appends `value` in quotes, with what must be escaped as an escape (RFC 8259 section 7).
  package static func appendString(_ value: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    let start = bytes.count
    bytes.append(contentsOf: value.utf8)
    endString(from: start, in: &bytes)
  }

  /// Makes what stands in `bytes` from `start` on, behind a quotation mark, a JSON string.
  package static func endString(from start: Int, in bytes: inout [UInt8]) {
    var index = start
    while index < bytes.count, !mustBeEscaped(bytes[index]) { index += 1 }
    if index < bytes.count {
      let rest = Array(bytes[index...])
      bytes.removeSubrange(index...)
      for byte in rest { appendEscaped(byte, to: &bytes) }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func mustBeEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func appendEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
    func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0..<0x20:
      bytes += #"\u00"#.utf8
      bytes.append(digit(byte >> 4))
      bytes.append(digit(byte & 0x0f))
    default: bytes.append(byte)
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0, $1) })
  }
}
