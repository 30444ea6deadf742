/// A keyed 64-bit hash of scripts.
///
/// Scripts of 16 to 40 bytes, which all standard ones with an address are, and EVM addresses are
/// hashed in two steps: five words and the length by NH (Black, Halevi, Krawczyk, Krovetz and
/// Rogaway, "UMAC: Fast and Secure Message Authentication", 1999), whose 128 bits are equal for two
/// scripts with a probability of at most 2^-64; these by a strongly universal function (Lemire and
/// Kaser, "Strongly universal string hashing is fast", 2014). For whoever doesn't know the secret
/// numbers, the hashes of any two scripts are random and all but independent of each other, so that
/// nobody can choose scripts that collide. Few products, which hardly wait for each other, make it
/// a fifth of SipHash's work, and scripts of mixed lengths take no branch. Others are hashed by
/// SipHash-1-3.
struct ScriptHash: Hashable, Sendable {
  private let key: SipHash.Key
  /// What is added to the five words and the length.
  private let summand0: UInt64
  private let summand1: UInt64
  private let summand2: UInt64
  private let summand3: UInt64
  private let summand4: UInt64
  private let lengthSummand: UInt64
  /// Multiplies nothing; then the lower and the upper half of what the words gave.
  private let constant: UInt128
  private let lowerFactor: UInt128
  private let upperFactor: UInt128

  private static let fastLengths = 16...40

  /// The numbers are drawn from the key by SipHash, of which nobody can tell them without the key.
  init(key: SipHash.Key) {
    self.key = key
    func draw(_ place: UInt8) -> UInt64 {
      let place = [place]
      return SipHash.hash(place.span.bytes, key: key)
    }
    func drawTwo(_ place: UInt8) -> UInt128 {
      UInt128(draw(place)) << 64 | UInt128(draw(place + 1))
    }
    summand0 = draw(0)
    summand1 = draw(1)
    summand2 = draw(2)
    summand3 = draw(3)
    summand4 = draw(4)
    lengthSummand = draw(5)
    constant = drawTwo(6)
    lowerFactor = drawTwo(8)
    upperFactor = drawTwo(10)
  }

  /// Whether scripts of so many bytes are hashed without SipHash.
  @inline(__always)
  static func isFast(count: Int) -> Bool { fastLengths.contains(count) }

  func hash(_ script: RawSpan) -> UInt64 { hash(script, from: 0, count: script.byteCount) }

  /// Of the `count` bytes of `bytes` from `start` on, which the caller has checked to be there.
  @inline(__always)
  func hash(_ bytes: RawSpan, from start: Int, count: Int) -> UInt64 {
    guard Self.isFast(count: count) else {
      return SipHash.hash(bytes.extracting(start..<start &+ count), key: key)
    }
    // Five words that overlap hold every byte: the first two bytes 0 to 15, the last two the last
    // 16, and the one between ends with the script or, of more than 24 bytes, holds 16 to 23.
    // With 16 bytes or more all of them lie inside.
    let end = start &+ count
    let middle = start &+ min(16, count &- 8)
    var sum = Self.product(
      Self.word(bytes, at: start) &+ summand0, Self.word(bytes, at: start &+ 8) &+ summand1)
    sum &+= Self.product(
      Self.word(bytes, at: middle) &+ summand2, Self.word(bytes, at: end &- 16) &+ summand3)
    sum &+= Self.product(
      Self.word(bytes, at: end &- 8) &+ summand4,
      UInt64(truncatingIfNeeded: count) &+ lengthSummand)
    sum =
      constant &+ lowerFactor &* UInt128(UInt64(truncatingIfNeeded: sum))
      &+ upperFactor &* UInt128(UInt64(truncatingIfNeeded: sum >> 64))
    return UInt64(truncatingIfNeeded: sum >> 64)
  }

  @inline(__always)
  private static func product(_ a: UInt64, _ b: UInt64) -> UInt128 { UInt128(a) &* UInt128(b) }

  @inline(__always)
  private static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
    UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }
}
