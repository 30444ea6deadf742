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

  /// A number of at most 256 bits. Zeros in front are passed over, as some nodes pad.
  func number(_ text: Text, _ name: @autoclosure () -> String) throws(AnswerError) -> UInt256 {
    let digits = try digits(text, name())
    guard !digits.isEmpty else { throw .invalid(name()) }
    var rest = digits
    while rest.count > 1, byte(at: rest.lowerBound) == UInt8(ascii: "0") {
      rest = rest.dropFirst()
    }
    guard rest.count <= 64 else { throw .invalid(name()) }
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    for offset in rest {
      guard let value = HexDigits.value(of: byte(at: offset)) else { throw .invalid(name()) }
      words.3 = words.3 &<< 4 | words.2 &>> 60
      words.2 = words.2 &<< 4 | words.1 &>> 60
      words.1 = words.1 &<< 4 | words.0 &>> 60
      words.0 = words.0 &<< 4 | UInt64(value)
    }
    return UInt256(limbs: words)
  }

  func number64(_ text: Text, _ name: @autoclosure () -> String) throws(AnswerError) -> UInt64 {
    guard let value = try number(text, name()).asUInt64 else { throw .invalid(name()) }
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
    let count = (text.count - 2) / 2
    guard text.count >= 2, text.count & 1 == 0,
      reader.byte(at: text.lowerBound) == UInt8(ascii: "0"),
      reader.byte(at: text.lowerBound + 1) == UInt8(ascii: "x")
    else { throw .invalid(name()) }
    if count == 1 { return append(try reader.data(text, name())) }
    appendStringPrefix(count: count, first: 0)
    let start = bytes.count
    appendZeros(count)
    let isValid = bytes.withUnsafeMutableBytes {
      HexDigits.decode(
        reader.bytes, range: text.lowerBound + 2..<text.upperBound,
        into: UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
    }
    guard isValid else { throw .invalid(name()) }
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
