/// One item of the recursive length prefix encoding (yellow paper, appendix B), as offsets into the
/// bytes that hold it.
///
/// A string is one byte below 0x80 standing for itself, or 0x80 plus its length and up to 55 bytes,
/// or 0xb7 plus the length of its length, that length (big-endian) and the bytes. A list is the
/// same from 0xc0 and 0xf7, with encoded items for bytes. Only the shortest form of each is an
/// item.
package struct RLPItem: Hashable, Sendable {
  package let isList: Bool
  /// Where the prefix stands.
  package let start: Int
  /// Where the string's bytes, or the list's encoded items, stand.
  package let payload: Range<Int>

  /// Prefix and payload.
  package var encoded: Range<Int> { start..<payload.upperBound }

  /// Deeper nesting than any structure of the protocol has.
  package static let maximumDepth = 16

  /// The item that starts at `start` and ends at or before `end`; what a list holds isn't looked
  /// at.
  ///
  /// The caller has checked that `end` lies within `bytes`.
  @inline(__always)
  init(in bytes: RawSpan, at start: Int, end: Int) throws(RLPError) {
    precondition(start >= 0 && end <= bytes.byteCount, "the range lies inside the bytes")
    guard start < end else { throw .endOfBytes(offset: start) }
    let prefix = bytes.unsafeLoad(fromUncheckedByteOffset: start, as: UInt8.self)
    self.start = start
    isList = prefix >= 0xc0
    let form = Int(isList ? prefix &- 0xc0 : prefix &- 0x80)
    switch prefix {
    case ..<0x80: payload = start..<start + 1
    case _ where form <= 55:
      guard end - start - 1 >= form else { throw .endOfBytes(offset: start) }
      payload = start + 1..<start + 1 + form
      guard
        isList || form != 1
          || bytes.unsafeLoad(fromUncheckedByteOffset: start + 1, as: UInt8.self) >= 0x80
      else { throw .notShortest(offset: start) }
    default:
      payload = try Self.longPayload(in: bytes, at: start, end: end, lengthCount: form - 55)
    }
  }

  /// The payload behind a length of 1 to 8 bytes.
  @inline(never)
  private static func longPayload(
    in bytes: RawSpan, at start: Int, end: Int, lengthCount: Int
  ) throws(RLPError) -> Range<Int> {
    let payloadStart = start + 1 + lengthCount
    guard payloadStart <= end else { throw .endOfBytes(offset: start) }
    var length: UInt64 = 0
    for offset in start + 1..<payloadStart {
      let byte = bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
      length = length << 8 | UInt64(byte)
    }
    // Eight bytes at most went in, so nothing was lost; a zero in front makes the value short.
    guard length > 55, length >> UInt64(8 * (lengthCount - 1)) > 0 else {
      throw .notShortest(offset: start)
    }
    guard length <= UInt64(end - payloadStart) else { throw .endOfBytes(offset: start) }
    return payloadStart..<payloadStart + Int(length)
  }

  /// The one item that `bytes` are, everything inside it checked.
  package init(validating bytes: RawSpan) throws(RLPError) {
    self = try RLPItem(in: bytes, at: 0, end: bytes.byteCount)
    guard payload.upperBound == bytes.byteCount else {
      throw .trailing(offset: payload.upperBound)
    }
    if isList { try Self.validate(payload, in: bytes, depth: 1) }
  }

  private static func validate(
    _ range: Range<Int>, in bytes: RawSpan, depth: Int
  ) throws(RLPError) {
    guard depth <= maximumDepth else { throw .tooDeep(offset: range.lowerBound) }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let item = try RLPItem(in: bytes, at: offset, end: range.upperBound)
      if item.isList { try validate(item.payload, in: bytes, depth: depth + 1) }
      offset = item.payload.upperBound
    }
  }
}
