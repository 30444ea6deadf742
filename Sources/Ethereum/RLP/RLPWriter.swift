package import Addresses
package import Bytes

/// Writes strict RLP into one growing run of bytes (yellow paper, appendix B).
///
/// A list is opened and closed around its items; its prefix is put before them when it is closed.
package struct RLPWriter: Sendable {
  package internal(set) var bytes: [UInt8] = []

  package init() {}

  /// Where an open list's items begin.
  package struct OpenList {
    fileprivate let start: Int
  }

  package mutating func openList() -> OpenList { OpenList(start: bytes.count) }

  /// Lists are closed in the reverse order of their opening.
  package mutating func closeList(_ list: OpenList) {
    let count = bytes.count - list.start
    let prefixCount = Self.prefixCount(ofPayload: count)
    appendPrefix(short: 0xc0, count: count)
    // The prefix now stands behind the items: rotate it to their front.
    bytes.withUnsafeMutableBytes { all in
      let part = UnsafeMutableRawBufferPointer(rebasing: all[list.start...])
      var prefix: (UInt64, UInt64) = (0, 0)
      Swift.withUnsafeMutableBytes(of: &prefix) { saved in
        saved.copyMemory(from: UnsafeRawBufferPointer(rebasing: part[count...]))
        UnsafeMutableRawBufferPointer(rebasing: part[prefixCount...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: part[..<count]))
        part.copyMemory(from: UnsafeRawBufferPointer(rebasing: saved[..<prefixCount]))
      }
    }
  }

  /// A list of what `body` writes.
  package mutating func appendList<Failure: Error>(
    _ body: (inout RLPWriter) throws(Failure) -> Void
  ) throws(Failure) {
    let list = openList()
    try body(&self)
    closeList(list)
  }

  package mutating func append(_ string: RawSpan) {
    appendStringPrefix(count: string.byteCount, first: string.firstByte)
    string.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  package mutating func append(_ string: [UInt8]) { append(string.span.bytes) }

  /// Also the integer zero, and an address where there is none.
  package mutating func appendEmptyString() { bytes.append(0x80) }

  /// An integer: big-endian, without zeros in front.
  package mutating func append(_ value: UInt64) {
    let count = 8 - value.leadingZeroBitCount / 8
    appendStringPrefix(count: count, first: UInt8(truncatingIfNeeded: value))
    appendTrailing(count, of: value)
  }

  package mutating func append(_ value: UInt256) {
    if let small = value.asUInt64 { return append(small) }
    let words: InlineArray<4, UInt64> = [
      value.limbs.0, value.limbs.1, value.limbs.2, value.limbs.3,
    ]
    let count = (value.bitWidth + 7) / 8
    // Over eight bytes: never a byte standing for itself.
    appendStringPrefix(count: count, first: 0)
    let top = (count - 1) / 8
    appendTrailing(count - 8 * top, of: words[top])
    for index in (0..<top).reversed() { appendTrailing(8, of: words[index]) }
  }

  package mutating func append(_ flag: Bool) { append(flag ? 1 : 0 as UInt64) }

  package mutating func append(_ hash: Hash32) {
    bytes.append(0x80 + 32)
    bytes.append(hash)
  }

  package mutating func append(_ address: EthereumAddress) {
    bytes.append(0x80 + 20)
    bytes.append(address.hash)
  }

  /// The address, or the empty string for none.
  package mutating func append(_ address: EthereumAddress?) {
    if let address { append(address) } else { appendEmptyString() }
  }

  /// Items that are encoded already.
  package mutating func append(encoded items: [UInt8]) { bytes.append(contentsOf: items) }

  /// A byte as it stands, such as a typed envelope's type (EIP-2718).
  package mutating func append(rawByte byte: UInt8) { bytes.append(byte) }

  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// So many bytes more, as `fill` writes them.
  @inline(__always)
  mutating func append(count: Int, _ fill: (inout RLPRoom) -> Void) {
    bytes.append(addingCapacity: count) { output in
      output.withUnsafeMutableBufferPointer { buffer, initializedCount in
        var room = RLPRoom(UnsafeMutableRawBufferPointer(buffer))
        fill(&room)
        initializedCount = room.count
      }
    }
  }

  /// The prefix of a list whose items, `count` bytes of them, follow.
  mutating func appendListPrefix(count: Int) { appendPrefix(short: 0xc0, count: count) }

  /// The prefix of a string of that length, none for a byte below 0x80; `first` is looked at where
  /// the string is a single byte.
  mutating func appendStringPrefix(count: Int, first: UInt8) {
    if count == 1, first < 0x80 { return }
    appendPrefix(short: 0x80, count: count)
  }

  private mutating func appendPrefix(short: UInt8, count: Int) {
    if count <= 55 {
      bytes.append(short + UInt8(count))
    } else {
      let lengthCount = Self.prefixCount(ofPayload: count) - 1
      bytes.append(short + 55 + UInt8(lengthCount))
      appendTrailing(lengthCount, of: UInt64(count))
    }
  }

  /// The last `count` of the word's eight bytes.
  mutating func appendTrailing(_ count: Int, of word: UInt64) {
    withUnsafeBytes(of: word.bigEndian) {
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0.suffix(count)))
    }
  }

  /// How many bytes stand before a payload of `count` bytes that isn't a byte for itself.
  @inline(__always)
  static func prefixCount(ofPayload count: Int) -> Int {
    count <= 55 ? 1 : 1 + 8 - UInt64(count).leadingZeroBitCount / 8
  }

  /// How long an integer is with its prefix.
  static func encodedCount(of value: UInt64) -> Int {
    value < 0x80 ? 1 : 1 + 8 - value.leadingZeroBitCount / 8
  }

  /// How long a string is with its prefix.
  static func encodedCount(of string: RawSpan) -> Int {
    let count = string.byteCount
    return count == 1 && string.firstByte < 0x80 ? 1 : prefixCount(ofPayload: count) + count
  }
}

extension RawSpan {
  /// Zero where there is none.
  fileprivate var firstByte: UInt8 {
    isEmpty ? 0 : unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)
  }
}
