/// Why bytes aren't strict RLP. Offsets count from the start of the bytes that are read.
package enum RLPError: Error, Hashable, Sendable {
  /// An item's length reaches over the end of what holds it.
  case endOfBytes(offset: Int)
  /// A single byte below 0x80 behind a prefix, or a length longer than it need be.
  case notShortest(offset: Int)
  /// Bytes, or list members, after what was to be read.
  case trailing(offset: Int)
  case expectedList(offset: Int)
  case expectedString(offset: Int)
  /// An integer with a zero in front.
  case leadingZero(offset: Int)
  /// An integer of more bytes than its field can hold.
  case tooLarge(offset: Int)
  /// A string of another length than its field has.
  case wrongLength(bytes: Int, expected: Int, offset: Int)
  case tooDeep(offset: Int)
}
