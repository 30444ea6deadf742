internal import Bytes

/// Room in which encodings are written one behind another, its size reckoned before: what it takes
/// to append to an array is then taken once. Bench: `EVM receipts decoded and matched`.
struct RLPRoom {
  private let room: UnsafeMutableRawBufferPointer
  /// How many bytes are written.
  private(set) var count = 0

  init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

  /// The prefix of a list whose items, `count` bytes of them, follow.
  mutating func append(listOf count: Int) { append(prefix: 0xc0, payload: count) }

  /// The string of the bytes that digits behind `0x` mean; false where one is no digit. `text` lies
  /// inside `bytes` and has an even count.
  @inline(__always)
  mutating func append(string text: Range<Int>, of bytes: RawSpan) -> Bool {
    let byteCount = text.count / 2 &- 1
    if byteCount != 1 { append(prefix: 0x80, payload: byteCount) }
    precondition(room.count &- count >= byteCount, "the room was reckoned for all of it")
    let part = UnsafeMutableRawBufferPointer(rebasing: room[count..<count &+ byteCount])
    guard HexDigits.decode(bytes, range: text.lowerBound &+ 2..<text.upperBound, into: part) else {
      return false
    }
    if byteCount == 1, part[0] >= 0x80 {
      let byte = part[0]
      append(prefix: 0x80, payload: 1)
      precondition(room.count > count, "the room was reckoned for all of it")
      room[count] = byte
    }
    count &+= byteCount
    return true
  }

  @inline(__always)
  private mutating func append(prefix short: UInt8, payload: Int) {
    let lengthCount = RLPWriter.prefixCount(ofPayload: payload) &- 1
    precondition(room.count &- count > lengthCount, "the room was reckoned for all of it")
    guard lengthCount > 0 else {
      room[count] = short &+ UInt8(truncatingIfNeeded: payload)
      count &+= 1
      return
    }
    room[count] = short &+ 55 &+ UInt8(truncatingIfNeeded: lengthCount)
    for index in 1...lengthCount {
      room[count &+ index] = UInt8(truncatingIfNeeded: payload >> (8 * (lengthCount - index)))
    }
    count &+= 1 &+ lengthCount
  }
}
