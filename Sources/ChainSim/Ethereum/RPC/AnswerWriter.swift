internal import Addresses
internal import Bytes
internal import JSON

/// Writes an answer's JSON straight into bytes: a block is a megabyte, and no tree of it is built.
struct AnswerWriter {
  private(set) var bytes: [UInt8] = []
  /// Whether a value stands before the next one.
  private var isBehindValue = false

  /// One value's bytes.
  static func value(_ body: (inout AnswerWriter) -> Void) -> [UInt8] {
    var writer = AnswerWriter()
    body(&writer)
    return writer.bytes
  }

  mutating func object(_ body: (inout AnswerWriter) -> Void) {
    enclosed(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
  }

  mutating func array(_ body: (inout AnswerWriter) -> Void) {
    enclosed(UInt8(ascii: "["), UInt8(ascii: "]"), body)
  }

  mutating func array<Element>(
    of elements: some Sequence<Element>, _ body: (inout AnswerWriter, Element) -> Void
  ) {
    array { writer in
      for element in elements { body(&writer, element) }
    }
  }

  private mutating func enclosed(
    _ open: UInt8, _ close: UInt8, _ body: (inout AnswerWriter) -> Void
  ) {
    beginValue()
    bytes.append(open)
    isBehindValue = false
    body(&self)
    bytes.append(close)
    isBehindValue = true
  }

  private mutating func beginValue() {
    if isBehindValue { bytes.append(UInt8(ascii: ",")) }
    isBehindValue = true
  }

  /// The name of the member whose value comes next; it has nothing to escape.
  mutating func name(_ name: StaticString) {
    if isBehindValue { bytes.append(UInt8(ascii: ",")) }
    isBehindValue = false
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }
}

// Values.
extension AnswerWriter {
  mutating func null() { literal("null") }

  mutating func flag(_ flag: Bool) { literal(flag ? "true" : "false") }

  mutating func literal(_ text: StaticString) {
    beginValue()
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  mutating func json(_ value: JSONValue) {
    beginValue()
    bytes.append(contentsOf: value.bytes)
  }

  mutating func text(_ text: String) {
    beginValue()
    JSONValue.appendString(text, to: &bytes)
  }

  mutating func quantity(_ value: UInt64) { quantity(UInt256(value)) }

  /// Hexadecimal without zeros in front.
  mutating func quantity(_ value: UInt256) {
    beginValue()
    bytes.append(contentsOf: "\"0x".utf8)
    let digits = max((value.bitWidth + 3) / 4, 1)
    let words = [value.limbs.0, value.limbs.1, value.limbs.2, value.limbs.3]
    for index in (0..<digits).reversed() {
      bytes.append(Self.digit(words[index / 16] >> UInt64(4 * (index % 16))))
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Two digits a byte.
  mutating func data(_ value: some Sequence<UInt8>) {
    beginValue()
    bytes.append(contentsOf: "\"0x".utf8)
    for byte in value {
      bytes.append(Self.digit(UInt64(byte >> 4)))
      bytes.append(Self.digit(UInt64(byte)))
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func hash(_ hash: Hash32) {
    beginValue()
    bytes.append(contentsOf: "\"0x".utf8)
    bytes.append(hexOf: hash)
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func hash(_ hash: Hash32?) {
    if let hash { self.hash(hash) } else { null() }
  }

  /// In lower case, as geth writes it.
  mutating func address(_ address: EthereumAddress?) {
    if let address { data(address.hash.bytes) } else { null() }
  }

  private static func digit(_ value: UInt64) -> UInt8 {
    let nibble = UInt8(truncatingIfNeeded: value & 0x0f)
    return nibble < 10 ? 0x30 + nibble : 0x57 + nibble
  }
}

// Members.
extension AnswerWriter {
  mutating func member(_ name: StaticString, quantity value: UInt64?) {
    self.name(name)
    if let value { quantity(value) } else { null() }
  }

  mutating func member(_ name: StaticString, quantity value: UInt256) {
    self.name(name)
    quantity(value)
  }

  mutating func member(_ name: StaticString, hash value: Hash32?) {
    self.name(name)
    hash(value)
  }

  mutating func member(_ name: StaticString, address value: EthereumAddress?) {
    self.name(name)
    address(value)
  }

  mutating func member(_ name: StaticString, data value: [UInt8]) {
    self.name(name)
    data(value)
  }
}
