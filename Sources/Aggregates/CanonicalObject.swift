package import Bytes
package import ChainTypes

/// A JSON object written member by member: the same bytes as `CanonicalJSON` makes of a value with
/// these members, without the detour over Foundation's containers, which takes some thirty times
/// as long. For what is written with every payment.
///
/// Members are added in the order of their names' bytes, which is how Foundation sorts them; the
/// tests compare.
package struct CanonicalObject: Sendable {
  package private(set) var bytes: [UInt8]

  package init(reserving capacity: Int = 1_024) {
    bytes = []
    bytes.reserveCapacity(capacity)
    bytes.append(UInt8(ascii: "{"))
  }

  /// The object's text.
  package var text: String {
    var closed = bytes
    closed.append(UInt8(ascii: "}"))
    return String(decoding: closed, as: UTF8.self)
  }

  /// The same without the members that stand in `ranges` of the bytes, in ascending order, each
  /// with the comma before it.
  package func text(without ranges: [Range<Int>]) -> String {
    var rest = self
    for range in ranges.reversed() { rest.bytes.removeSubrange(range) }
    return rest.text
  }

  package mutating func add(_ name: StaticString, _ text: String) {
    begin(name)
    append(quoted: text)
  }

  package mutating func add(_ name: StaticString, _ value: UInt256) {
    begin(name)
    bytes.append(UInt8(ascii: "\""))
    value.appendDecimal(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func add(_ name: StaticString, _ number: some BinaryInteger) {
    begin(name)
    if let word = Int64(exactly: number) {
      bytes.append(decimal: word)
    } else {
      bytes += String(number).utf8
    }
  }

  /// A moment as `description` has it.
  package mutating func add(_ name: StaticString, _ time: Timestamp) {
    begin(name)
    bytes.append(UInt8(ascii: "\""))
    time.appendText(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// An amount in units.
  package mutating func add(_ name: StaticString, _ amount: Amount) {
    begin(name)
    bytes.append(UInt8(ascii: "\""))
    amount.appendUnits(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func add(_ name: StaticString, _ flag: Bool) {
    begin(name)
    bytes += (flag ? "true" : "false").utf8
  }

  package mutating func add(_ name: StaticString, _ object: CanonicalObject) {
    begin(name)
    append(object)
  }

  package mutating func add(_ name: StaticString, _ objects: [CanonicalObject]) {
    begin(name)
    bytes.append(UInt8(ascii: "["))
    for (index, object) in objects.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(object)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// A member whose value is JSON already.
  package mutating func add(_ name: StaticString, json: String) {
    begin(name)
    bytes += json.utf8
  }

  /// Names are the program's own and need no escapes.
  private mutating func begin(_ name: StaticString) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes += $0 }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func append(_ object: CanonicalObject) {
    bytes += object.bytes
    bytes.append(UInt8(ascii: "}"))
  }

  /// In quotes, with the escapes that Foundation writes: the short ones where RFC 8259 section 7
  /// has them, `\u00xx` for other controls, no other.
  private mutating func append(quoted text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      if utf8.contains(where: Self.needsEscape) {
        for byte in utf8 { append(escaping: byte) }
      } else {
        bytes.append(contentsOf: utf8)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x22 || byte == 0x5c
  }

  private mutating func append(escaping byte: UInt8) {
    guard Self.needsEscape(byte) else { return bytes.append(byte) }
    switch byte {
    case 0x22, 0x5c: bytes += [UInt8(ascii: "\\"), byte]
    case 0x08: bytes += #"\b"#.utf8
    case 0x09: bytes += #"\t"#.utf8
    case 0x0a: bytes += #"\n"#.utf8
    case 0x0c: bytes += #"\f"#.utf8
    case 0x0d: bytes += #"\r"#.utf8
    default:
      bytes += #"\u00"#.utf8
      bytes += [byte >> 4, byte & 0x0f].map { $0 < 10 ? 0x30 + $0 : 0x57 + $0 }
    }
  }
}
