package import Bytes

/// Reads the fields of Bitcoin's wire format from borrowed bytes.
///
/// A read that fails names the offset at which its field begins. Nothing here allocates.
package struct WireReader: ~Escapable {
  package var reader: ByteReader

  @inlinable
  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) {
    reader = ByteReader(bytes)
  }

  /// How many bytes have been read: the offset of the next one.
  @inlinable
  package var offset: Int { reader.offset }

  @inlinable
  package var remaining: Int { reader.remaining }

  /// All the bytes, read or not.
  @inlinable
  package var bytes: RawSpan {
    @_lifetime(copy self) get { reader.bytes }
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readUInt8() throws(BitcoinDecodingError) -> UInt8 {
    do { return try reader.readUInt8() } catch { throw BitcoinDecodingError(error) }
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readUInt32() throws(BitcoinDecodingError) -> UInt32 {
    do {
      return try reader.readLittleEndian(UInt32.self)
    } catch {
      throw BitcoinDecodingError(error)
    }
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readUInt64() throws(BitcoinDecodingError) -> UInt64 {
    do {
      return try reader.readLittleEndian(UInt64.self)
    } catch {
      throw BitcoinDecodingError(error)
    }
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readHash32() throws(BitcoinDecodingError) -> Hash32 {
    do { return try reader.readHash32() } catch { throw BitcoinDecodingError(error) }
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func skip(_ count: Int) throws(BitcoinDecodingError) {
    do { try reader.skip(count) } catch { throw BitcoinDecodingError(error) }
  }

  /// The next `count` bytes, borrowed.
  @inlinable
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  package mutating func readBytes(_ count: Int) throws(BitcoinDecodingError) -> RawSpan {
    do { return try reader.readBytes(count) } catch { throw BitcoinDecodingError(error) }
  }

  /// A CompactSize in its shortest form: one byte below fd; else fd, fe or ff and the number in 2,
  /// 4 or 8 bytes, little-endian.
  @inlinable
  @_lifetime(self: copy self)
  package mutating func readCompactSize() throws(BitcoinDecodingError) -> UInt64 {
    let start = offset
    let first = try readUInt8()
    if first < 0xfd { return UInt64(first) }
    let value: UInt64
    let least: UInt64
    do {
      switch first {
      case 0xfd: (value, least) = (UInt64(try reader.readLittleEndian(UInt16.self)), 0xfd)
      case 0xfe: (value, least) = (UInt64(try reader.readLittleEndian(UInt32.self)), 0x1_0000)
      default: (value, least) = (try reader.readLittleEndian(UInt64.self), 0x1_0000_0000)
      }
    } catch {
      throw BitcoinDecodingError(error)
    }
    guard value >= least else { throw .nonMinimalCompactSize(value, offset: start) }
    return value
  }

  /// A CompactSize that counts items of at least `minimumSize` bytes each (not zero): refused
  /// where the bytes that remain can't hold so many, so that a caller may reserve room for them.
  @inlinable
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
  @inlinable
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  package mutating func readSizedBytes() throws(BitcoinDecodingError) -> RawSpan {
    let count = try readCount(ofItemsOfAtLeast: 1)
    return try readBytes(count)
  }

  /// Steps over a CompactSize and as many bytes.
  @inlinable
  @_lifetime(self: copy self)
  package mutating func skipSizedBytes() throws(BitcoinDecodingError) {
    let count = try readCount(ofItemsOfAtLeast: 1)
    try skip(count)
  }

  /// Refuses bytes that were not read.
  @inlinable
  package func expectEnd() throws(BitcoinDecodingError) {
    guard remaining == 0 else { throw .trailingBytes(count: remaining, offset: offset) }
  }
}
