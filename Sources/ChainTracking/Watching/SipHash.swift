/// SipHash-1-3 (Aumasson and Bernstein, 2012): a keyed 64-bit hash whose collisions can't be found
/// by someone who doesn't know the key.
enum SipHash {
  /// 128 bits, as the two little-endian words that the paper calls k0 and k1.
  struct Key: Hashable, Sendable {
    let k0: UInt64
    let k1: UInt64
  }

  static func hash(_ bytes: RawSpan, key: Key) -> UInt64 {
    var state = State(key: key)
    let count = bytes.byteCount
    var offset = 0
    while count &- offset >= 8 {
      // At least 8 bytes remain from `offset` on.
      state.compress(word(bytes, at: offset))
      offset &+= 8
    }
    // The last word holds the 0 to 7 bytes that remain and, on top, the length modulo 256.
    state.compress(tail(bytes, from: offset) | UInt64(truncatingIfNeeded: count) << 56)
    return state.finish()
  }

  private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }

  private static func tail(_ bytes: RawSpan, from offset: Int) -> UInt64 {
    let remaining = bytes.byteCount &- offset
    guard remaining > 0 else { return 0 }
    // With 8 bytes or more in all, the last 8 contain the tail at their top.
    if offset > 0 { return word(bytes, at: bytes.byteCount &- 8) >> UInt64(8 &* (8 &- remaining)) }
    var value: UInt64 = 0
    for index in 0..<remaining {
      value |= UInt64(bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)) << UInt64(8 * index)
    }
    return value
  }

  private struct State {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    init(key: Key) {
      v0 = key.k0 ^ 0x736f_6d65_7073_6575
      v1 = key.k1 ^ 0x646f_7261_6e64_6f6d
      v2 = key.k0 ^ 0x6c79_6765_6e65_7261
      v3 = key.k1 ^ 0x7465_6462_7974_6573
    }

    mutating func compress(_ word: UInt64) {
      v3 ^= word
      round()
      v0 ^= word
    }

    mutating func finish() -> UInt64 {
      v2 ^= 0xff
      round()
      round()
      round()
      return v0 ^ v1 ^ v2 ^ v3
    }

    private mutating func round() {
      v0 &+= v1
      v1 = Self.rotate(v1, 13) ^ v0
      v0 = Self.rotate(v0, 32)
      v2 &+= v3
      v3 = Self.rotate(v3, 16) ^ v2
      v0 &+= v3
      v3 = Self.rotate(v3, 21) ^ v0
      v2 &+= v1
      v1 = Self.rotate(v1, 17) ^ v2
      v2 = Self.rotate(v2, 32)
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
      value &<< count | value &>> (64 &- count)
    }
  }
}
