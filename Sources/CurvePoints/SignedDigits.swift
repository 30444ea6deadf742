internal import Bytes

/// A number below the group's order n (SEC 2, 2.4.1), by which G is multiplied, in digits of fixed
/// width that may be negative: t = Σ dᵢ·2^(w·i) with −2^(w−1) ≤ dᵢ < 2^(w−1), and the topmost one
/// not negative. Half the multiples of a digit are then enough, since −(x, y) is (x, −y).
///
/// Adding 2^(w−1) at each digit's place but the topmost's, once, makes every digit readable on its
/// own: it is what stands there, less 2^(w−1).
struct SignedDigits: Sendable {
  /// The least significant first; the fifth is a carry.
  private let limbs: (UInt64, UInt64, UInt64, UInt64, UInt64)

  /// The width of a digit in bits, w.
  static let width = 13
  /// 20 of 13 bits have 260.
  static let count = (256 + width - 1) / width

  /// n − 1 is the greatest number there is.
  static let order: (UInt64, UInt64, UInt64, UInt64) = (
    0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff
  )

  static let half = 1 << (width - 1)
  /// How large the topmost digit gets: 2⁹ where all bits above 247 are set and one is carried.
  static let topmost = 1 << (256 - (count - 1) * width)

  /// From 32 bytes, most significant first; nil where they aren't below the group's order.
  init?(_ number: Hash32) {
    let limbs = number.bigEndianLimbs
    guard Self.isBelowOrder(limbs) else { return nil }
    self.init(limbs: limbs)
  }

  private init(limbs: (UInt64, UInt64, UInt64, UInt64)) {
    let (a, b) = (limbs, Self.offset)
    var sum = UInt128(a.0) + UInt128(b.0)
    let r0 = UInt64(truncatingIfNeeded: sum)
    sum = UInt128(a.1) + UInt128(b.1) + sum >> 64
    let r1 = UInt64(truncatingIfNeeded: sum)
    sum = UInt128(a.2) + UInt128(b.2) + sum >> 64
    let r2 = UInt64(truncatingIfNeeded: sum)
    sum = UInt128(a.3) + UInt128(b.3) + sum >> 64
    self.limbs = (
      r0, r1, r2, UInt64(truncatingIfNeeded: sum), UInt64(truncatingIfNeeded: sum >> 64)
    )
  }

  /// The digit at `place`, from 0 at the least significant end.
  @inline(__always)
  func digit(_ place: Int) -> Int {
    let bit = place &* Self.width
    let (limb, shift) = (bit &>> 6, UInt64(truncatingIfNeeded: bit & 63))
    let low: UInt64
    let high: UInt64
    switch limb {
    case 0: (low, high) = (limbs.0, limbs.1)
    case 1: (low, high) = (limbs.1, limbs.2)
    case 2: (low, high) = (limbs.2, limbs.3)
    default: (low, high) = (limbs.3, limbs.4)
    }
    // The upper limb's bits, moved up in two steps: by 64 together they are gone.
    let bits = low &>> shift | (high &<< 1) &<< (63 &- shift)
    if place == Self.count &- 1 { return Int(truncatingIfNeeded: bits) }
    return Int(truncatingIfNeeded: bits & UInt64(2 * Self.half - 1)) &- Self.half
  }

  private static let offset: (UInt64, UInt64, UInt64, UInt64) = {
    var limbs: [UInt64] = [0, 0, 0, 0]
    for place in 0..<count - 1 {
      let bit = place * width + width - 1
      limbs[bit / 64] |= 1 << UInt64(bit % 64)
    }
    return (limbs[0], limbs[1], limbs[2], limbs[3])
  }()

  private static func isBelowOrder(_ a: (UInt64, UInt64, UInt64, UInt64)) -> Bool {
    let n = order
    if a.3 != n.3 { return a.3 < n.3 }
    if a.2 != n.2 { return a.2 < n.2 }
    if a.1 != n.1 { return a.1 < n.1 }
    return a.0 < n.0
  }
}
