/// How long bytes become under FastLZ, by which OP-stack chains charge for a transaction's data.
/// The compressed bytes themselves are nobody's concern here.
///
/// Level 1 with a table of 2¹³ places, as op-geth's `FlzCompressLen` and Solady's `LibZip` count it
/// (OP Stack specification, Fjord: execution engine).
package enum FastLZ {
  /// The last bytes stand as they are, so that a decoder may read ahead.
  private static let tail = 13
  /// Places, and how far back a repetition may reach.
  private static let window = 1 << 13

  package static func compressedLength(of bytes: RawSpan) -> Int {
    // Below the limit three bytes can be read anywhere, and nine more besides.
    let limit = max(bytes.byteCount - tail, 0)
    var places = [Int](repeating: 0, count: window)
    var length = 0
    var literalStart = 0
    var position = 2
    while position < limit {
      let sequence = threeBytes(of: bytes, at: position)
      let place = place(of: sequence)
      let earlier = places[place]
      places[place] = position
      position += 1
      // One that begins last before the limit isn't taken any more.
      guard position < limit else { break }
      let start = position - 1
      guard start - earlier < window, threeBytes(of: bytes, at: earlier) == sequence else {
        continue
      }
      length += literals(start - literalStart)
      let repeated = repetition(in: bytes, of: earlier, at: start, end: limit + 9)
      length += match(repeated)
      // Its last two bytes can be where the next ones begin. Its end is below the tail's last four.
      for next in start + repeated - 2..<start + repeated {
        places[Self.place(of: threeBytes(of: bytes, at: next))] = next
      }
      literalStart = start + repeated
      position = literalStart
    }
    return length + literals(bytes.byteCount - literalStart)
  }

  /// The most that so many bytes become. Runs of literals cost a byte for each 32 that they begin,
  /// and a repetition at least a byte less than it covers, which pays for the run that it ends.
  package static func longest(byteCount: Int) -> Int {
    byteCount + byteCount / 32 + 1
  }

  /// How many bytes at `start`, three at least, are those at `earlier` again; one less where they
  /// are up to `end`.
  private static func repetition(
    in bytes: RawSpan, of earlier: Int, at start: Int, end: Int
  ) -> Int {
    var count = 3
    while start + count < end {
      let isSame = byte(of: bytes, at: earlier + count) == byte(of: bytes, at: start + count)
      count += 1
      guard isSame else { break }
    }
    return count - 1
  }

  /// Runs of up to 32 bytes, with a byte before each.
  private static func literals(_ count: Int) -> Int { count + (count + 31) / 32 }

  /// Two bytes for up to eight, three for up to 264, and so on.
  private static func match(_ count: Int) -> Int {
    let (whole, rest) = (count - 3).quotientAndRemainder(dividingBy: 262)
    return 3 * whole + (rest >= 6 ? 3 : 2)
  }

  /// The lowest first.
  private static func threeBytes(of bytes: RawSpan, at offset: Int) -> UInt32 {
    UInt32(byte(of: bytes, at: offset)) | UInt32(byte(of: bytes, at: offset + 1)) << 8
      | UInt32(byte(of: bytes, at: offset + 2)) << 16
  }

  /// Knuth's multiplicative hash: the golden ratio's 32 bits.
  private static func place(of sequence: UInt32) -> Int {
    Int((sequence &* 2_654_435_769) >> 19) & (window - 1)
  }

  private static func byte(of bytes: RawSpan, at offset: Int) -> UInt8 {
    bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }
}
