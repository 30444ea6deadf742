/// Reads little-endian and big-endian numbers and runs of bytes from borrowed memory.
///
/// Every read checks what remains first; a read that fails leaves the position where it was.
package struct ByteReader: ~Escapable {
  @usableFromInline package let bytes: RawSpan
  /// How many bytes have been read: the offset of the next one.
  @usableFromInline package private(set) var offset: Int

  /// Fewer bytes remain at `offset` than a read needs.
  package struct EndOfBytes: Error, Equatable {
    package let offset: Int
    package let needed: Int
    package let remaining: Int

    @usableFromInline
    package init(offset: Int, needed: Int, remaining: Int) {
      self.offset = offset
      self.needed = needed
      self.remaining = remaining
    }
  }

  @inlinable
  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) {
    self.bytes = bytes
    offset = 0
  }

  @inlinable
  package var remaining: Int { bytes.byteCount &- offset }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readUInt8() throws(EndOfBytes) -> UInt8 {
    try advance(by: 1)
    return bytes.unsafeLoad(fromUncheckedByteOffset: offset &- 1, as: UInt8.self)
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readLittleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type
  ) throws(EndOfBytes) -> Integer {
    let size = MemoryLayout<Integer>.size
    try advance(by: size)
    return Integer(
      littleEndian: bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: offset &- size, as: Integer.self))
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readBigEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ type: Integer.Type
  ) throws(EndOfBytes) -> Integer {
    try readLittleEndian(type).byteSwapped
  }

  @inlinable
  @_lifetime(self: copy self)
  package mutating func readHash32() throws(EndOfBytes) -> Hash32 {
    try advance(by: 32)
    return Hash32(bytes: bytes, at: offset &- 32)
  }

  /// The next `count` bytes, borrowed.
  @inlinable
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  package mutating func readBytes(_ count: Int) throws(EndOfBytes) -> RawSpan {
    try advance(by: count)
    return bytes.extracting(offset &- count..<offset)
  }

  /// Steps over `count` bytes.
  @inlinable
  @_lifetime(self: copy self)
  package mutating func skip(_ count: Int) throws(EndOfBytes) {
    try advance(by: count)
  }

  /// Moves on once it has checked that `count` bytes remain. A negative count is too many.
  @inlinable
  @_lifetime(self: copy self)
  package mutating func advance(by count: Int) throws(EndOfBytes) {
    // `offset` never exceeds the byte count, so the difference can't overflow.
    guard count >= 0, bytes.byteCount &- offset >= count else {
      throw EndOfBytes(offset: offset, needed: count, remaining: bytes.byteCount &- offset)
    }
    offset &+= count
  }
}
