internal import Glibc

/// Steps through a node's JSON answer, token by token, in borrowed bytes: nothing is copied, and
/// what isn't asked for is skipped at the speed of `memchr`.
///
/// It checks as much of JSON's form as finding the values needs. What an answer says is believed
/// only where hashes confirm it, so a lax reading can't make anything true.
struct AnswerReader: ~Escapable {
  let bytes: RawSpan
  /// Where the next unread byte stands.
  private(set) var offset: Int
  private let end: Int
  private var needsComma = false
  private var depth = 0

  private let maximumDepth: Int

  /// Deeper nesting than any answer without call traces has.
  static let ordinaryDepth = 64

  /// A string's content, without its quotes.
  typealias Text = Range<Int>

  /// - Parameter maximumDepth: how deep values may be nested; no reading recurses, whatever it is
  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, maximumDepth: Int = ordinaryDepth) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    offset = 0
    end = bytes.byteCount
  }

  @inline(__always)
  func byte(at offset: Int) -> UInt8 {
    bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
  }

  /// The next byte that isn't white space, left unread.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func peek() throws(AnswerError) -> UInt8 {
    while offset < end {
      let byte = byte(at: offset)
      guard byte == 0x20 || (0x09...0x0d).contains(byte) else { return byte }
      offset &+= 1
    }
    throw .malformed(offset: offset)
  }

  @_lifetime(self: copy self)
  @inline(__always)
  private mutating func expect(_ byte: UInt8) throws(AnswerError) {
    guard try peek() == byte else { throw .malformed(offset: offset) }
    offset &+= 1
  }

  /// Nothing but white space may follow.
  @_lifetime(self: copy self)
  mutating func expectEnd() throws(AnswerError) {
    while offset < end {
      let byte = byte(at: offset)
      guard byte == 0x20 || (0x09...0x0d).contains(byte) else { throw .malformed(offset: offset) }
      offset &+= 1
    }
  }

  // MARK: Containers

  @_lifetime(self: copy self)
  mutating func openObject() throws(AnswerError) { try open(UInt8(ascii: "{")) }

  @_lifetime(self: copy self)
  mutating func openArray() throws(AnswerError) { try open(UInt8(ascii: "[")) }

  @_lifetime(self: copy self)
  private mutating func open(_ bracket: UInt8) throws(AnswerError) {
    try expect(bracket)
    guard depth < maximumDepth else { throw .tooDeep(offset: offset) }
    depth += 1
    needsComma = false
  }

  /// The next member's name in the open object, its value to be read or skipped; nil where the
  /// object ends here.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func nextMember() throws(AnswerError) -> Text? {
    guard try hasNext(before: UInt8(ascii: "}")) else { return nil }
    let name = try readString(isShort: true)
    try expect(UInt8(ascii: ":"))
    return name
  }

  /// Steps over the open object's next name where it is this one, with nothing but its comma before
  /// it; false, and nothing is read, where not.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func skipName(_ name: WrittenName) -> Bool {
    let start = needsComma ? offset &+ 1 : offset
    guard end &- start >= WrittenName.byteCount, name.count > 0 else { return false }
    // So many remain, and a comma is before them.
    @inline(__always) func word(_ index: Int) -> UInt64 {
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ 8 &* index, as: UInt64.self)
    }
    let difference =
      (word(0) ^ name.words.0) & name.masks.0 | (word(1) ^ name.words.1) & name.masks.1
      | (word(2) ^ name.words.2) & name.masks.2
    guard difference == 0, !needsComma || byte(at: offset) == UInt8(ascii: ",") else {
      return false
    }
    offset = start &+ name.count
    return true
  }

  /// Whether the open array has another element, to be read or skipped; it is left where it hasn't.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func nextElement() throws(AnswerError) -> Bool {
    try hasNext(before: UInt8(ascii: "]"))
  }

  @_lifetime(self: copy self)
  @inline(__always)
  private mutating func hasNext(before bracket: UInt8) throws(AnswerError) -> Bool {
    let next = try peek()
    if needsComma {
      guard next != UInt8(ascii: ",") else {
        offset &+= 1
        return true
      }
      guard next == bracket else { throw .malformed(offset: offset) }
    } else if next != bracket {
      return true
    }
    offset &+= 1
    depth -= 1
    needsComma = true
    return false
  }

  // MARK: Values

  /// A string without escapes, which nothing that is read here has.
  ///
  /// - Parameter isShort: whether its end is probably near
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func readString(isShort: Bool = false) throws(AnswerError) -> Text {
    try expect(UInt8(ascii: "\""))
    let start = offset
    guard let quote = isShort ? nearQuote(from: start) : quote(from: start),
      quote == start || byte(at: quote &- 1) != UInt8(ascii: "\\")
    else { throw .malformed(offset: start) }
    offset = quote &+ 1
    needsComma = true
    return start..<quote
  }

  /// A string, or nil for `null`.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func readText() throws(AnswerError) -> Text? {
    if try peek() == UInt8(ascii: "\"") { return try readString() }
    try readNull()
    return nil
  }

  /// Steps over `null` where it comes next.
  @_lifetime(self: copy self)
  mutating func skipNull() throws(AnswerError) -> Bool {
    guard try peek() == UInt8(ascii: "n") else { return false }
    try readNull()
    return true
  }

  @_lifetime(self: copy self)
  private mutating func readNull() throws(AnswerError) {
    guard try isNext(0x6c6c_756e, count: 4) else { throw .malformed(offset: offset) }
  }

  /// `true` or `false`, or nil for `null`.
  @_lifetime(self: copy self)
  mutating func readFlag() throws(AnswerError) -> Bool? {
    if try isNext(0x65_736c_6166, count: 5) { return false }
    if try isNext(0x6575_7274, count: 4) { return true }
    try readNull()
    return nil
  }

  /// Steps over a bare word where it comes next.
  ///
  /// - Parameters:
  ///   - word: its letters, the first one lowest
  ///   - count: how many they are
  @_lifetime(self: copy self)
  private mutating func isNext(_ word: UInt64, count: Int) throws(AnswerError) -> Bool {
    _ = try peek()
    let start = offset
    guard end &- start >= count else { return false }
    for index in 0..<count
    where byte(at: start &+ index) != UInt8(truncatingIfNeeded: word &>> UInt64(8 &* index)) {
      return false
    }
    skipBare()
    guard offset == start &+ count else { throw .malformed(offset: start) }
    return true
  }

  @_lifetime(self: copy self)
  private mutating func skipBare() {
    while offset < end {
      switch byte(at: offset) {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
        offset &+= 1
      default:
        needsComma = true
        return
      }
    }
    needsComma = true
  }

  /// Steps over a value of any kind.
  @_lifetime(self: copy self)
  mutating func skipValue() throws(AnswerError) {
    var open = 0
    repeat {
      switch try peek() {
      case UInt8(ascii: "\""): try skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open += 1
        guard depth + open <= maximumDepth else { throw .tooDeep(offset: offset) }
        offset &+= 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard open > 0 else { throw .malformed(offset: offset) }
        open -= 1
        offset &+= 1
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        guard open > 0 else { throw .malformed(offset: offset) }
        offset &+= 1
      default:
        let start = offset
        skipBare()
        guard offset > start else { throw .malformed(offset: start) }
      }
    } while open > 0
    needsComma = true
  }

  /// A string with whatever escapes.
  @_lifetime(self: copy self)
  private mutating func skipString() throws(AnswerError) {
    offset &+= 1
    while let quote = quote(from: offset) {
      var slashes = 0
      while quote &- slashes > offset, byte(at: quote &- slashes &- 1) == UInt8(ascii: "\\") {
        slashes += 1
      }
      offset = quote &+ 1
      if slashes & 1 == 0 { return }
    }
    throw .malformed(offset: offset)
  }

  /// Where the next quote stands.
  @inline(__always)
  private func quote(from start: Int) -> Int? {
    bytes.withUnsafeBytes { all in
      guard let base = all.baseAddress,
        let found = memchr(base + start, Int32(UInt8(ascii: "\"")), end &- start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  /// The same, faster where it stands within 24 bytes.
  @inline(__always)
  private func nearQuote(from start: Int) -> Int? {
    guard end &- start >= 24 else { return quote(from: start) }
    // So many remain.
    for part in 0..<3 {
      let word = UInt64(
        littleEndian: bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: start &+ 8 &* part, as: UInt64.self))
      // A quote's byte becomes zero; only of a zero, and perhaps of bytes behind it, the top bit
      // is set then.
      let difference = word ^ 0x2222_2222_2222_2222
      let zeros = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
      if zeros != 0 { return start &+ 8 &* part &+ zeros.trailingZeroBitCount &>> 3 }
    }
    return quote(from: start &+ 24)
  }

  /// What stands at `text`, for messages.
  func string(_ text: Text) -> String {
    bytes.extracting(text.prefix(64)).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
