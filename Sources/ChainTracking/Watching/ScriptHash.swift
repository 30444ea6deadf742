/// A keyed 64-bit hash of scripts.
///
/// Scripts of 16 to 40 bytes, which all standard ones with an address are, and EVM addresses are
/// hashed by a multilinear function: the upper half of a sum, modulo 2^128, of the script's words,
/// each multiplied by a secret 128-bit number. It is strongly universal (Lemire and Kaser,
/// "Strongly universal string hashing is fast", 2014): for whoever doesn't know the numbers, the
/// hashes of any two scripts are random and independent of each other, so that nobody can choose
/// scripts that collide. Its products don't wait for each other, which makes it a third of
/// SipHash's work, and scripts of mixed lengths take no branch. Others are hashed by SipHash-1-3.
struct ScriptHash: Hashable, Sendable {
  private let key: SipHash.Key
  /// Multiplies nothing; then the five words; then the length.
  private let constant: UInt128
  private let factor0: UInt128
  private let factor1: UInt128
  private let factor2: UInt128
  private let factor3: UInt128
  private let factor4: UInt128
  private let lengthFactor: UInt128

  private static let multilinearLengths = 16...40

  /// The numbers are drawn from the key by SipHash, of which nobody can tell them without the key.
  init(key: SipHash.Key) {
    self.key = key
    func draw(_ place: UInt8) -> UInt128 {
      let halves: (high: [UInt8], low: [UInt8]) = ([place, 1], [place, 0])
      return UInt128(SipHash.hash(halves.high.span.bytes, key: key)) << 64
        | UInt128(SipHash.hash(halves.low.span.bytes, key: key))
    }
    constant = draw(0)
    factor0 = draw(1)
    factor1 = draw(2)
    factor2 = draw(3)
    factor3 = draw(4)
    factor4 = draw(5)
    lengthFactor = draw(6)
  }

  func hash(_ script: RawSpan) -> UInt64 { hash(script, from: 0, count: script.byteCount) }

  /// Of the `count` bytes of `bytes` from `start` on, which the caller has checked to be there.
  @inline(__always)
  func hash(_ bytes: RawSpan, from start: Int, count: Int) -> UInt64 {
    guard Self.multilinearLengths.contains(count) else {
      return SipHash.hash(bytes.extracting(start..<start &+ count), key: key)
    }
    // Five words that overlap hold every byte: the first two bytes 0 to 15, the last two the last
    // 16, and the one between ends with the script or, of more than 24 bytes, holds 16 to 23.
    // With 16 bytes or more all of them lie inside.
    let end = start &+ count
    let middle = start &+ min(16, count &- 8)
    var sum = constant &+ lengthFactor &* UInt128(truncatingIfNeeded: count)
    sum &+= factor0 &* UInt128(Self.word(bytes, at: start))
    sum &+= factor1 &* UInt128(Self.word(bytes, at: start &+ 8))
    sum &+= factor2 &* UInt128(Self.word(bytes, at: middle))
    sum &+= factor3 &* UInt128(Self.word(bytes, at: end &- 16))
    sum &+= factor4 &* UInt128(Self.word(bytes, at: end &- 8))
    return UInt64(truncatingIfNeeded: sum >> 64)
  }

  @inline(__always)
  private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }
}
