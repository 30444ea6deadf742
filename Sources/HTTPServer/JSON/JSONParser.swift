/// Reads one JSON value strictly: no trailing bytes, no duplicate names, bounded nesting.
struct JSONParser {
  private let bytes: [UInt8]
  private var offset = 0
  private static let depthLimit = 32

  /// Why bytes aren't the JSON that is accepted; the offset counts bytes from 0.
  package enum ParsingError: Error, Equatable {
    case unexpectedEnd
    case unexpectedByte(offset: Int)
    case invalidNumber(offset: Int)
    case invalidString(offset: Int)
    case duplicateName(String)
    case tooDeep(offset: Int)

    /// The error in words for the client.
    var detail: String {
      switch self {
      case .unexpectedEnd: "The JSON ends before it is complete."
      case .unexpectedByte(let offset): "Unexpected character at byte \(offset)."
      case .invalidNumber(let offset): "The number at byte \(offset) isn't a JSON number."
      case .invalidString(let offset):
        "The string has an invalid character or escape at byte \(offset)."
      case .duplicateName(let name): "The field \"\(name)\" occurs twice in one object."
      case .tooDeep(let offset): "Values are nested too deeply at byte \(offset)."
      }
    }
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func parse(_ bytes: [UInt8]) throws(ParsingError) -> JSONValue {
    var parser = JSONParser(bytes)
    let value = try parser.value(depth: 0)
    parser.skipWhiteSpace()
    guard parser.offset == bytes.count else { throw .unexpectedByte(offset: parser.offset) }
    return value
  }

  private mutating func value(depth: Int) throws(ParsingError) -> JSONValue {
    guard depth < Self.depthLimit else { throw .tooDeep(offset: offset) }
    skipWhiteSpace()
    switch try peek() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
    default: throw .unexpectedByte(offset: offset)
    }
  }

  private mutating func object(depth: Int) throws(ParsingError) -> JSONValue {
    offset += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    skipWhiteSpace()
    if try peek() == UInt8(ascii: "}") {
      offset += 1
      return .object([])
    }
    while true {
      skipWhiteSpace()
      guard try peek() == UInt8(ascii: "\"") else { throw .unexpectedByte(offset: offset) }
      let name = try string()
      guard names.insert(name).inserted else { throw .duplicateName(name) }
      skipWhiteSpace()
      try expect(UInt8(ascii: ":"))
      members.append(.init(name, try value(depth: depth + 1)))
      if try endsList(with: UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func array(depth: Int) throws(ParsingError) -> JSONValue {
    offset += 1
    var values: [JSONValue] = []
    skipWhiteSpace()
    if try peek() == UInt8(ascii: "]") {
      offset += 1
      return .array([])
    }
    while true {
      values.append(try value(depth: depth + 1))
      if try endsList(with: UInt8(ascii: "]")) { return .array(values) }
    }
  }

  /// Consumes the comma or the closing bracket after an element; true for the bracket.
  private mutating func endsList(with closing: UInt8) throws(ParsingError) -> Bool {
    skipWhiteSpace()
    let byte = try peek()
    guard byte == UInt8(ascii: ",") || byte == closing else {
      throw .unexpectedByte(offset: offset)
    }
    offset += 1
    return byte == closing
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
  private mutating func number() throws(ParsingError) -> String {
    let start = offset
    if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    let integerStart = offset
    let integerDigits = skipDigits()
    guard integerDigits > 0,
      integerDigits == 1 || bytes[integerStart] != UInt8(ascii: "0")
    else { throw .invalidNumber(offset: start) }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      offset += 1
      guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if offset < bytes.count, bytes[offset] == 0x2b || bytes[offset] == 0x2d { offset += 1 }
      guard skipDigits() > 0 else { throw .invalidNumber(offset: start) }
    }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func skipDigits() -> Int {
    let start = offset
    while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
    return offset - start
  }

  private mutating func string() throws(ParsingError) -> String {
    let start = offset
    offset += 1
    var content: [UInt8] = []
    while true {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let text = String(validating: content, as: UTF8.self) else {
          throw .invalidString(offset: start)
        }
        return text
      case UInt8(ascii: "\\"):
        offset += 1
        try appendEscape(to: &content)
      case 0..<0x20: throw .invalidString(offset: offset)
      default:
        content.append(byte)
        offset += 1
      }
    }
  }

  private mutating func appendEscape(to content: inout [UInt8]) throws(ParsingError) {
    let at = offset - 1
    let byte = try peek()
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0c)
    case UInt8(ascii: "n"): content.append(0x0a)
    case UInt8(ascii: "r"): content.append(0x0d)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var code = try codeUnit(at: at)
      if (0xd800...0xdbff).contains(code) {
        // A character beyond U+FFFF: its second half must follow (UTF-16 surrogates).
        try expect(UInt8(ascii: "\\"))
        try expect(UInt8(ascii: "u"))
        let low = try codeUnit(at: at)
        guard (0xdc00...0xdfff).contains(low) else { throw .invalidString(offset: at) }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw .invalidString(offset: at) }
      content += Array(String(Character(scalar)).utf8)
    default: throw .invalidString(offset: at)
    }
  }

  private mutating func codeUnit(at start: Int) throws(ParsingError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let byte = try peek()
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw .invalidString(offset: start)
      }
      code = code << 4 | UInt32(digit)
      offset += 1
    }
    return code
  }

  private mutating func word(
    _ text: String, _ value: JSONValue
  ) throws(ParsingError) -> JSONValue {
    for byte in text.utf8 { try expect(byte) }
    return value
  }

  private mutating func expect(_ byte: UInt8) throws(ParsingError) {
    guard try peek() == byte else { throw .unexpectedByte(offset: offset) }
    offset += 1
  }

  private func peek() throws(ParsingError) -> UInt8 {
    guard offset < bytes.count else { throw .unexpectedEnd }
    return bytes[offset]
  }

  private mutating func skipWhiteSpace() {
    while offset < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[offset]) { offset += 1 }
  }
}

extension JSONValue {
  /// Reads JSON; throws `Problem` 400 with the place of the error.
  package static func parse(_ bytes: [UInt8]) throws(Problem) -> JSONValue {
    do {
      return try JSONParser.parse(bytes)
    } catch {
      throw .badRequest("invalid-json", "The body isn't valid JSON.", error.detail)
    }
  }
}
