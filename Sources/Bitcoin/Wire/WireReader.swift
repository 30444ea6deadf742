package import Bytes

/// Reads the fields of Bitcoin's wire format from borrowed bytes.
///
/// A read that fails names the offset at which its field begins. Nothing here allocates. The loads
/// stand here rather than in `ByteReader` so that they are inlined into this module's loops.
package struct WireReader: ~Escapable {
  /// All the bytes, read or not.
  package let bytes: RawSpan
  /// How many bytes have been read: the offset of the next one. Never above the byte count.
  package private(set) var offset = 0

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) {
    self.bytes = bytes
  }

  package var remaining: Int { bytes.byteCount &- offset }

  @_lifetime(self: copy self)
  package mutating func readUInt8() throws(BitcoinDecodingError) -> UInt8 {
    let start = try advance(by: 1)
    return bytes.unsafeLoad(fromUncheckedByteOffset: start, as: UInt8.self)
  }

  @_lifetime(self: copy self)
  package mutating func readUInt16() throws(BitcoinDecodingError) -> UInt16 {
    let start = try advance(by: 2)
    return UInt16(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: UInt16.self))
  }

  @_lifetime(self: copy self)
  package mutating func readUInt32() throws(BitcoinDecodingError) -> UInt32 {
    let start = try advance(by: 4)
    return UInt32(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: UInt32.self))
  }

  @_lifetime(self: copy self)
  package mutating func readUInt64() throws(BitcoinDecodingError) -> UInt64 {
    let start = try advance(by: 8)
    return UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: UInt64.self))
  }

  @_lifetime(self: copy self)
  package mutating func readHash32() throws(BitcoinDecodingError) -> Hash32 {
    let start = try advance(by: 32)
    return Hash32(bytes: bytes, at: start)
  }

  @_lifetime(self: copy self)
  package mutating func skip(_ count: Int) throws(BitcoinDecodingError) {
    _ = try advance(by: count)
  }

  /// The next `count` bytes, borrowed.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  package mutating func readBytes(_ count: Int) throws(BitcoinDecodingError) -> RawSpan {
    let start = try advance(by: count)
    return bytes.extracting(start..<offset)
  }

  /// Moves on over `count` bytes, not negative, once it has checked that they are there: the loads
  /// above begin at the offset it returns.
  @inline(__always)
  @_lifetime(self: copy self)
  private mutating func advance(by count: Int) throws(BitcoinDecodingError) -> Int {
    // `offset` never exceeds the byte count, so the difference can't overflow.
    guard count >= 0, bytes.byteCount &- offset >= count else {
      throw .endOfBytes(offset: offset, needed: count, remaining: bytes.byteCount &- offset)
    }
    let start = offset
    offset &+= count
    return start
  }

  /// A CompactSize in its shortest form: one byte below fd; else fd, fe or ff and the number in 2,
  /// 4 or 8 bytes, little-endian.
  @inline(__always)
  @_lifetime(self: copy self)
  package mutating func readCompactSize() throws(BitcoinDecodingError) -> UInt64 {
    let first = try readUInt8()
    guard first >= 0xfd else { return UInt64(first) }
    // A copy is what goes by its address: whoever reads in a loop keeps the offset in a register.
    var rest = self
    let value = try rest.readLongCompactSize(first)
    self = rest
    return value
  }

  /// The rest of a CompactSize whose first byte, just read, is fd, fe or ff.
  @inline(never)
  @_lifetime(self: copy self)
  private mutating func readLongCompactSize(
    _ first: UInt8
  ) throws(BitcoinDecodingError) -> UInt64 {
    let start = offset &- 1
    let width = first == 0xfd ? 2 : first == 0xfe ? 4 : 8
    guard remaining >= width else {
      throw .endOfBytes(offset: start, needed: width &+ 1, remaining: remaining &+ 1)
    }
    let value: UInt64
    let least: UInt64
    switch first {
    case 0xfd: (value, least) = (UInt64(try readUInt16()), 0xfd)
    case 0xfe: (value, least) = (UInt64(try readUInt32()), 0x1_0000)
    default: (value, least) = (try readUInt64(), 0x1_0000_0000)
    }
    guard value >= least else { throw .nonMinimalCompactSize(value, offset: start) }
    return value
  }

  /// A CompactSize that counts items of at least `minimumSize` bytes each (not zero): refused
  /// where the bytes that remain can't hold so many, so that a caller may reserve room for them.
  @inline(__always)
  @_lifetime(self: copy self)
  package mutating func readCount(
    ofItemsOfAtLeast minimumSize: Int
  ) throws(BitcoinDecodingError) -> Int {
    let start = offset
    let count = try readCompactSize()
    guard count <= UInt64(truncatingIfNeeded: remaining / minimumSize) else {
      throw .countTooLarge(count, offset: start)
    }
    // Bounded by `remaining`, so it fits.
    return Int(truncatingIfNeeded: count)
  }

  /// A CompactSize and as many bytes, borrowed.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  package mutating func readSizedBytes() throws(BitcoinDecodingError) -> RawSpan {
    let count = try readCount(ofItemsOfAtLeast: 1)
    return try readBytes(count)
  }

  /// Steps over a CompactSize and as many bytes.
  @_lifetime(self: copy self)
  package mutating func skipSizedBytes() throws(BitcoinDecodingError) {
    let count = try readCount(ofItemsOfAtLeast: 1)
    try skip(count)
  }

  /// Steps over a transaction's input where it has the usual form: it spends an output, its script
  /// is shorter than 253 bytes, and all of it is there. False, and nothing is read, where not.
  @inline(__always)
  @_lifetime(self: copy self)
  mutating func skipUsualInput() -> Bool {
    let rest = bytes.byteCount &- offset
    // Outpoint (36, the output's number last), length (1), script, sequence (4).
    guard rest >= 41,
      bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 32, as: UInt32.self) != .max
    else { return false }
    let length = Int(bytes.unsafeLoad(fromUncheckedByteOffset: offset &+ 36, as: UInt8.self))
    guard length < 0xfd, length &+ 41 <= rest else { return false }
    offset &+= 41 &+ length
    return true
  }

  /// The value of a transaction's output and its script's length, which is stepped over, where that
  /// is below 253 and all of it is there. Nil, and nothing is read, where not.
  @inline(__always)
  @_lifetime(self: copy self)
  mutating func readUsualOutput() -> (value: UInt64, scriptLength: Int)? {
    let rest = bytes.byteCount &- offset
    // Value (8), length (1), script.
    guard rest >= 9 else { return nil }
    let length = Int(bytes.unsafeLoad(fromUncheckedByteOffset: offset &+ 8, as: UInt8.self))
    guard length < 0xfd, length &+ 9 <= rest else { return nil }
    let value = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    offset &+= 9 &+ length
    return (UInt64(littleEndian: value), length)
  }

  /// Steps over an input's witness stack where it is the usual one: two items, a signature and a
  /// public key of 33 bytes (BIP-0141, P2WPKH), all there. False, and nothing is read, where not.
  @inline(__always)
  @_lifetime(self: copy self)
  mutating func skipUsualWitness() -> Bool {
    let rest = bytes.byteCount &- offset
    // Count, length, signature, length, public key.
    guard rest >= 36, bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self) == 2
    else { return false }
    let length = Int(bytes.unsafeLoad(fromUncheckedByteOffset: offset &+ 1, as: UInt8.self))
    guard length < 0xfd, length &+ 36 <= rest,
      bytes.unsafeLoad(fromUncheckedByteOffset: offset &+ 2 &+ length, as: UInt8.self) == 33
    else { return false }
    offset &+= 36 &+ length
    return true
  }

  /// Steps over `count` runs of bytes behind their CompactSizes.
  @inline(__always)
  @_lifetime(self: copy self)
  mutating func skipSizedBytes(times count: Int) throws(BitcoinDecodingError) {
    for _ in 0..<count {
      // Nearly every run is that short, and lies inside: its length, below fd, is one byte.
      let rest = bytes.byteCount &- offset
      if rest > 0 {
        let length = Int(bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self))
        if length < 0xfd, length < rest {
          offset &+= 1 &+ length
          continue
        }
      }
      var other = self
      try other.skipSizedBytes()
      self = other
    }
  }

  /// Refuses bytes that were not read.
  package func expectEnd() throws(BitcoinDecodingError) {
    guard remaining == 0 else { throw .trailingBytes(count: remaining, offset: offset) }
  }
}
