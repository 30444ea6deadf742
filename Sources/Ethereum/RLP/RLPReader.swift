package import Addresses
package import Bytes

/// Reads the items of a list, or a run of items, one after another from borrowed bytes.
///
/// What is read is checked; a list that is only stepped over isn't looked into.
package struct RLPReader: ~Escapable {
  let bytes: RawSpan
  /// Where the next item starts.
  package private(set) var offset: Int
  let end: Int

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) {
    self.bytes = bytes
    offset = 0
    end = bytes.byteCount
  }

  /// Reads one part of `bytes`, which `range` must lie inside.
  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan, range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount, "a part of them")
    self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  /// Reads what the list that `bytes` are holds; nothing may follow the list.
  @_lifetime(copy bytes)
  package init(list bytes: RawSpan) throws(RLPError) {
    let item = try RLPItem(in: bytes, at: 0, end: bytes.byteCount)
    guard item.isList else { throw .expectedList(offset: 0) }
    guard item.payload.upperBound == bytes.byteCount else {
      throw .trailing(offset: item.payload.upperBound)
    }
    self.bytes = bytes
    offset = item.payload.lowerBound
    end = item.payload.upperBound
  }

  package var isAtEnd: Bool { offset == end }

  package func expectEnd() throws(RLPError) {
    guard isAtEnd else { throw .trailing(offset: offset) }
  }

  /// The next item, stepped over.
  @_lifetime(self: copy self)
  package mutating func readItem() throws(RLPError) -> RLPItem {
    let item = try RLPItem(in: bytes, at: offset, end: end)
    offset = item.payload.upperBound
    return item
  }

  /// The next item, which must be a list.
  @_lifetime(self: copy self)
  package mutating func readList() throws(RLPError) -> RLPItem {
    let item = try readItem()
    guard item.isList else { throw .expectedList(offset: item.start) }
    return item
  }

  /// The next item, which must be a string.
  @_lifetime(self: copy self)
  package mutating func readString() throws(RLPError) -> RLPItem {
    let item = try readItem()
    guard !item.isList else { throw .expectedString(offset: item.start) }
    return item
  }

  /// What the list `item`, read here before, holds.
  @_lifetime(copy self)
  package func reader(of item: RLPItem) -> RLPReader {
    RLPReader(bytes, range: item.payload)
  }

  /// The bytes of a string.
  @_lifetime(self: copy self)
  package mutating func readBytes() throws(RLPError) -> [UInt8] {
    [UInt8](copying: bytes.extracting(try readString().payload))
  }

  /// A non-negative integer: big-endian, without zeros in front; zero is the empty string.
  @_lifetime(self: copy self)
  package mutating func readUInt64() throws(RLPError) -> UInt64 {
    let payload = try readInteger(maximumByteCount: 8)
    var value: UInt64 = 0
    for offset in payload {
      value = value << 8 | UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self))
    }
    return value
  }

  /// The same of up to 256 bits.
  @_lifetime(self: copy self)
  package mutating func readUInt256() throws(RLPError) -> UInt256 {
    UInt256(bigEndian: bytes.extracting(try readInteger(maximumByteCount: 32)))
  }

  /// Zero or one.
  @_lifetime(self: copy self)
  package mutating func readFlag() throws(RLPError) -> Bool {
    let start = offset
    let value = try readUInt64()
    guard value <= 1 else { throw .tooLarge(offset: start) }
    return value == 1
  }

  @_lifetime(self: copy self)
  private mutating func readInteger(maximumByteCount: Int) throws(RLPError) -> Range<Int> {
    let item = try readString()
    guard item.payload.count <= maximumByteCount else { throw .tooLarge(offset: item.start) }
    if !item.payload.isEmpty,
      bytes.unsafeLoad(fromUncheckedByteOffset: item.payload.lowerBound, as: UInt8.self) == 0
    {
      throw .leadingZero(offset: item.start)
    }
    return item.payload
  }

  @_lifetime(self: copy self)
  package mutating func readHash32() throws(RLPError) -> Hash32 {
    Hash32(bytes: bytes, at: try readString(byteCount: 32).payload.lowerBound)
  }

  @_lifetime(self: copy self)
  package mutating func readAddress() throws(RLPError) -> EthereumAddress {
    let item = try readString(byteCount: 20)
    return EthereumAddress(Hash20(bytes: bytes, at: item.payload.lowerBound))
  }

  /// An address, or nil for the empty string: the recipient of a transaction that creates a
  /// contract.
  @_lifetime(self: copy self)
  package mutating func readOptionalAddress() throws(RLPError) -> EthereumAddress? {
    let item = try readString()
    if item.payload.isEmpty { return nil }
    guard item.payload.count == 20 else {
      throw .wrongLength(bytes: item.payload.count, expected: 20, offset: item.start)
    }
    return EthereumAddress(Hash20(bytes: bytes, at: item.payload.lowerBound))
  }

  /// A string of exactly that many bytes.
  @_lifetime(self: copy self)
  package mutating func readString(byteCount: Int) throws(RLPError) -> RLPItem {
    let item = try readString()
    guard item.payload.count == byteCount else {
      throw .wrongLength(bytes: item.payload.count, expected: byteCount, offset: item.start)
    }
    return item
  }
}

extension UInt256 {
  /// From at most 32 bytes, most significant first.
  ///
  /// The caller has checked how many they are.
  init(bigEndian bytes: RawSpan) {
    precondition(bytes.byteCount <= 32, "32 bytes are all that fit")
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    for offset in 0..<bytes.byteCount {
      words.3 = words.3 << 8 | words.2 >> 56
      words.2 = words.2 << 8 | words.1 >> 56
      words.1 = words.1 << 8 | words.0 >> 56
      words.0 =
        words.0 << 8
        | UInt64(bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self))
    }
    self.init(limbs: words)
  }
}
