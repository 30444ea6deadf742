internal import Addresses
internal import Bytes

// Values as JSON-RPC writes them (execution-apis, "base types"): `0x` and hexadecimal digits.
extension AnswerReader {
  /// The digits behind `0x`.
  private func digits(
    _ text: Text, _ name: @autoclosure () -> String
  ) throws(AnswerError) -> Text {
    guard text.count >= 2, byte(at: text.lowerBound) == UInt8(ascii: "0"),
      byte(at: text.lowerBound &+ 1) == UInt8(ascii: "x")
    else { throw .invalid(name()) }
    return text.lowerBound &+ 2..<text.upperBound
  }

  /// The digits of a number behind `0x` and zeros, which some nodes pad with; perhaps none.
  private func significantDigits(
    _ text: Text, _ name: @autoclosure () -> String
  ) throws(AnswerError) -> Text {
    let digits = try digits(text, name())
    guard !digits.isEmpty else { throw .invalid(name()) }
    var start = digits.lowerBound
    while start < digits.upperBound, byte(at: start) == UInt8(ascii: "0") { start &+= 1 }
    return start..<digits.upperBound
  }

  /// A number of at most 256 bits.
  func number(_ text: Text, _ name: @autoclosure () -> String) throws(AnswerError) -> UInt256 {
    let digits = try significantDigits(text, name())
    guard digits.count <= 64 else { throw .invalid(name()) }
    func word(_ index: Int) -> UInt64? {
      let end = digits.upperBound &- 16 &* index
      guard end > digits.lowerBound else { return 0 }
      return HexDigits.number(bytes, range: max(digits.lowerBound, end &- 16)..<end)
    }
    guard let low = word(0), let second = word(1), let third = word(2), let high = word(3)
    else { throw .invalid(name()) }
    return UInt256(limbs: (low, second, third, high))
  }

  func number64(_ text: Text, _ name: @autoclosure () -> String) throws(AnswerError) -> UInt64 {
    let digits = try significantDigits(text, name())
    guard digits.count <= 16, let value = HexDigits.number(bytes, range: digits) else {
      throw .invalid(name())
    }
    return value
  }

  func hash32(_ text: Text, _ name: @autoclosure () -> String) throws(AnswerError) -> Hash32 {
    let digits = try digits(text, name())
    guard digits.count == 64 else { throw .invalid(name()) }
    var hash = Hash32()
    let isValid = withUnsafeMutableBytes(of: &hash) {
      HexDigits.decode(bytes, range: digits, into: $0)
    }
    guard isValid else { throw .invalid(name()) }
    return hash
  }

  func address(
    _ text: Text, _ name: @autoclosure () -> String
  ) throws(AnswerError) -> EthereumAddress {
    let digits = try digits(text, name())
    guard digits.count == 40 else { throw .invalid(name()) }
    var hash = Hash20()
    let isValid = withUnsafeMutableBytes(of: &hash) {
      HexDigits.decode(
        bytes, range: digits, into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(20)))
    }
    guard isValid else { throw .invalid(name()) }
    return EthereumAddress(hash)
  }

  /// How many bytes the digits mean, which are looked at when they are decoded.
  func byteCount(_ text: Text, _ name: @autoclosure () -> String) throws(AnswerError) -> Int {
    let digits = try digits(text, name())
    guard digits.count & 1 == 0 else { throw .invalid(name()) }
    return digits.count / 2
  }

  func data(_ text: Text, _ name: @autoclosure () -> String) throws(AnswerError) -> [UInt8] {
    let digits = try digits(text, name())
    guard digits.count & 1 == 0 else { throw .invalid(name()) }
    var isValid = false
    let data = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { buffer, count in
      count = digits.count / 2
      isValid = HexDigits.decode(
        bytes, range: digits,
        into: UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
      )
    }
    guard isValid else { throw .invalid(name()) }
    return data
  }
}

// The next value, nil for `null`.
extension AnswerReader {
  @_lifetime(self: copy self)
  mutating func readNumber(_ name: @autoclosure () -> String) throws(AnswerError) -> UInt256? {
    guard let text = try readText() else { return nil }
    return try number(text, name())
  }

  @_lifetime(self: copy self)
  mutating func readHash32(_ name: @autoclosure () -> String) throws(AnswerError) -> Hash32? {
    guard let text = try readText() else { return nil }
    return try hash32(text, name())
  }

  @_lifetime(self: copy self)
  mutating func readAddress(
    _ name: @autoclosure () -> String
  ) throws(AnswerError) -> EthereumAddress? {
    guard let text = try readText() else { return nil }
    return try address(text, name())
  }
}

// The same, written as RLP at once.
extension RLPWriter {
  /// A string of the bytes that `text` stands for.
  mutating func append(
    data text: AnswerReader.Text, of reader: borrowing AnswerReader,
    _ name: @autoclosure () -> String
  ) throws(AnswerError) {
    let count = try reader.byteCount(text, name())
    if count == 1 { return append(try reader.data(text, name())) }
    appendStringPrefix(count: count, first: 0)
    let digits = text.lowerBound + 2..<text.upperBound
    var isValid = false
    bytes.append(addingCapacity: count) { room in
      room.withUnsafeMutableBufferPointer { buffer, initializedCount in
        // As many bytes as were asked for; where it says that they are valid, it has written all.
        isValid = HexDigits.decode(
          reader.bytes, range: digits, into: UnsafeMutableRawBufferPointer(buffer))
        initializedCount = isValid ? count : 0
      }
    }
    guard isValid else { throw .invalid(name()) }
  }

  /// How many bytes that string takes with its prefix.
  static func encodedCount(
    ofData text: AnswerReader.Text, of reader: borrowing AnswerReader,
    _ name: @autoclosure () -> String
  ) throws(AnswerError) -> Int {
    let count = try reader.byteCount(text, name())
    guard count == 1 else { return prefixCount(ofPayload: count) + count }
    let byte = try reader.data(text, name())
    return encodedCount(of: byte.span.bytes)
  }

  /// The same of a fixed number of bytes.
  mutating func append(
    data text: AnswerReader.Text, of reader: borrowing AnswerReader, byteCount: Int,
    _ name: @autoclosure () -> String
  ) throws(AnswerError) {
    guard text.count == 2 + 2 * byteCount else { throw .invalid(name()) }
    try append(data: text, of: reader, name())
  }
}
