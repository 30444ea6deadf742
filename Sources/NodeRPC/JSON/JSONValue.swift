/// A JSON value as a tree, for requests and small answers. Numbers keep the text they were written
/// with, so no amount ever passes through floating point; members keep their order.
package enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// As written: `21000000`, `0.00001000`, `4.656542373906925e-10`.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Equatable, Sendable {
    package let key: String
    package let value: JSONValue

    package init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  package static func integer(_ value: some BinaryInteger) -> JSONValue {
    .number(String(value))
  }

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

  package init(reading reader: inout JSONReader) throws(JSONError) {
    switch reader.peek() {
    case nil: throw .endOfInput(offset: reader.offset)
    case UInt8(ascii: "\""): self = .string(try reader.readString())
    case UInt8(ascii: "{"):
      var members: [Member] = []
      try reader.readObject { (reader, key) throws(JSONError) in
        members.append(Member(key, try JSONValue(reading: &reader)))
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
        guard Double(token) != nil, token.utf8.first != UInt8(ascii: "+"),
          token.utf8.contains(where: { (0x30...0x39).contains($0) })
        else { throw .invalidToken(token, offset: start) }
        self = .number(token)
      }
    }
  }
}

// Looking inside. A value of another type is nil.
extension JSONValue {
  /// The first member of that name.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  package var elements: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
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
}

// Writing.
extension JSONValue {
  /// The value's JSON without white space.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    write(into: &bytes)
    return bytes
  }

  package func write(into bytes: inout [UInt8]) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .number(let text): bytes += text.utf8
    case .string(let text): Self.write(text, into: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.write(into: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(member.key, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        member.value.write(into: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: String, into bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for unit in text.utf8 {
      switch unit {
      case UInt8(ascii: "\""): bytes += #"\""#.utf8
      case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
      case 0..<0x20:
        let digits = String(unit, radix: 16)
        bytes += "\\u00\(unit < 16 ? "0" : "")\(digits)".utf8
      default: bytes.append(unit)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
