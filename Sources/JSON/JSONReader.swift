internal import Glibc

/// Reads JSON (RFC 8259) from bytes, a token at a time, without copying what it steps over.
///
/// What is stepped over is checked as far as finding its end needs; what is read is checked wholly.
/// Nesting is bounded.
package struct JSONReader {
  private let bytes: [UInt8]
  /// Where the next unread byte stands.
  package private(set) var offset: Int
  private let end: Int
  private var depth = 0
  private let depthLimit: Int

  /// Deeper nesting than any node or client has is refused, so that reading can't exhaust the
  /// stack.
  package static let maximumDepth = 64

  /// A string's content between its quotes.
  package struct StringToken: Sendable {
    /// Where the content stands in the bytes, without the quotes.
    package let range: Range<Int>
    package let hasEscapes: Bool
  }

  package init(_ bytes: [UInt8], depthLimit: Int = maximumDepth) {
    self.init(bytes, range: bytes.indices, depthLimit: depthLimit)
  }

  /// Reads one part of `bytes`; `range` must lie inside them.
  ///
  /// - Parameter depthLimit: how deep values may be nested; more than `maximumDepth` only for an
  ///   envelope around what was read within that, or is stepped over
  package init(_ bytes: [UInt8], range: Range<Int>, depthLimit: Int = maximumDepth) {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "a part of the bytes")
    self.bytes = bytes
    self.depthLimit = depthLimit
    offset = range.lowerBound
    end = range.upperBound
  }

  /// The next byte that isn't white space, left unread; nil at the end.
  package mutating func peek() -> UInt8? {
    while offset < end {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0a, 0x0d: offset += 1
      default: return bytes[offset]
      }
    }
    return nil
  }

  package mutating func expectEnd() throws(JSONError) {
    guard peek() == nil else { throw .unexpectedByte(bytes[offset], offset: offset) }
  }

  /// Steps over `byte` if it comes next.
  package mutating func skip(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    offset += 1
    return true
  }

  package mutating func expect(_ byte: UInt8) throws(JSONError) {
    guard let next = peek() else { throw .endOfInput(offset: offset) }
    guard next == byte else { throw .unexpectedByte(next, offset: offset) }
    offset += 1
  }

  /// Reads an object, handing each key to `body`, which must read or skip that key's value.
  package mutating func readObject(
    _ body: (inout JSONReader, String) throws(JSONError) -> Void
  ) throws(JSONError) {
    try expect(UInt8(ascii: "{"))
    try descend()
    defer { depth -= 1 }
    if skip(UInt8(ascii: "}")) { return }
    repeat {
      let key = try readString()
      try expect(UInt8(ascii: ":"))
      try body(&self, key)
    } while skip(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
  }

  /// Reads an array, calling `body` at each element, which must read or skip it.
  package mutating func readArray(
    _ body: (inout JSONReader) throws(JSONError) -> Void
  ) throws(JSONError) {
    try expect(UInt8(ascii: "["))
    try descend()
    defer { depth -= 1 }
    if skip(UInt8(ascii: "]")) { return }
    repeat { try body(&self) } while skip(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
  }

  /// Steps over one value and tells where it stood. However deep the value is nested, this takes
  /// no stack.
  package mutating func skipValue() throws(JSONError) -> Range<Int> {
    guard peek() != nil else { throw .endOfInput(offset: offset) }
    let start = offset
    /// For each open bracket whether it is an object's.
    var open: [Bool] = []
    repeat {
      switch peek() {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        guard depth + open.count < depthLimit else { throw .tooDeep(offset: offset) }
        let isObject = bytes[offset] == UInt8(ascii: "{")
        offset += 1
        // An empty one is a value like any other.
        if !skip(Self.end(isObject)) {
          open.append(isObject)
          if isObject { try skipName() }
          continue
        }
      case UInt8(ascii: "\""): _ = try readStringToken()
      default: try skipBareToken()
      }
      while let isObject = open.last {
        if skip(UInt8(ascii: ",")) {
          if isObject { try skipName() }
          break
        }
        try expect(Self.end(isObject))
        open.removeLast()
      }
    } while !open.isEmpty
    return start..<offset
  }

  private static func end(_ isObject: Bool) -> UInt8 {
    isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
  }

  private mutating func skipName() throws(JSONError) {
    _ = try readStringToken()
    try expect(UInt8(ascii: ":"))
  }

  /// A number or one of `true`, `false`, `null`, as it is written.
  package mutating func readBareToken() throws(JSONError) -> String {
    _ = peek()
    let start = offset
    try skipBareToken()
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private mutating func skipBareToken() throws(JSONError) {
    guard let first = peek() else { throw .endOfInput(offset: offset) }
    let start = offset
    while offset < end, Self.isBare(bytes[offset]) { offset += 1 }
    guard offset > start, offset - start <= 64 else {
      throw .unexpectedByte(first, offset: start)
    }
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func descend() throws(JSONError) {
    guard depth < depthLimit else { throw .tooDeep(offset: offset) }
    depth += 1
  }
}

// Strings.
extension JSONReader {
  package mutating func readString() throws(JSONError) -> String {
    let token = try readStringToken()
    let content = token.hasEscapes ? try unescaped(token.range) : Array(bytes[token.range])
    guard !bytes[token.range].contains(where: { $0 < 0x20 }),
      let text = String(validating: content, as: UTF8.self)
    else { throw .invalidString(offset: token.range.lowerBound - 1) }
    return text
  }

  /// Finds a string's end without decoding it: megabytes of hex cost two `memchr`.
  package mutating func readStringToken() throws(JSONError) -> StringToken {
    try expect(UInt8(ascii: "\""))
    let start = offset
    guard let quote = firstIndex(of: UInt8(ascii: "\""), in: start..<end) else {
      throw .endOfInput(offset: end)
    }
    guard var escape = firstIndex(of: UInt8(ascii: "\\"), in: start..<quote) else {
      offset = quote + 1
      return StringToken(range: start..<quote, hasEscapes: false)
    }
    // The quote found may itself be escaped: walk on from the first backslash.
    while escape < end {
      switch bytes[escape] {
      case UInt8(ascii: "\\"): escape += 2
      case UInt8(ascii: "\""):
        offset = escape + 1
        return StringToken(range: start..<escape, hasEscapes: true)
      default: escape += 1
      }
    }
    throw .endOfInput(offset: end)
  }

  private func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
    bytes.withUnsafeBytes { all in
      let part = UnsafeRawBufferPointer(rebasing: all[range])
      guard let base = part.baseAddress, let found = memchr(base, Int32(byte), part.count) else {
        return nil
      }
      return range.lowerBound + (UnsafeRawPointer(found) - base)
    }
  }

  private func unescaped(_ range: Range<Int>) throws(JSONError) -> [UInt8] {
    var units: [UInt8] = []
    units.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < range.upperBound else {
        units.append(bytes[index])
        index += 1
        continue
      }
      let kind = bytes[index + 1]
      index += 2
      switch kind {
      case UInt8(ascii: "n"): units.append(0x0a)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "r"): units.append(0x0d)
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0c)
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(kind)
      case UInt8(ascii: "u"):
        let scalar = try escapedScalar(at: &index, until: range.upperBound)
        units.append(contentsOf: Array(String(scalar).utf8))
      default: throw .invalidString(offset: range.lowerBound - 1)
      }
    }
    return units
  }

  /// The scalar of a `\u` escape, whose four digits start at `index`, or of a surrogate pair.
  private func escapedScalar(at index: inout Int, until end: Int) throws(JSONError)
    -> Unicode.Scalar
  {
    let start = index
    var code = try fourDigits(at: &index, until: end)
    if (0xd800..<0xdc00).contains(code) {
      guard end - index >= 2, bytes[index] == UInt8(ascii: "\\"),
        bytes[index + 1] == UInt8(ascii: "u")
      else { throw .invalidString(offset: start) }
      index += 2
      let low = try fourDigits(at: &index, until: end)
      guard (0xdc00..<0xe000).contains(low) else { throw .invalidString(offset: start) }
      code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw .invalidString(offset: start) }
    return scalar
  }

  private func fourDigits(at index: inout Int, until end: Int) throws(JSONError) -> UInt32 {
    guard end - index >= 4 else { throw .invalidString(offset: index) }
    let text = String(decoding: bytes[index..<(index + 4)], as: UTF8.self)
    guard text.utf8.first != UInt8(ascii: "+"), let value = UInt32(text, radix: 16) else {
      throw .invalidString(offset: index)
    }
    index += 4
    return value
  }
}
