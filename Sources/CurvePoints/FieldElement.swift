/// A coordinate of a point of secp256k1: a number below p = 2²⁵⁶ − 2³² − 977 (SEC 2, 2.4.1).
///
/// For public numbers only: how long a function takes tells about its arguments. Which limbs
/// overflow, say, is left to the branch predictor, since what makes a branch rare (one in 2³¹ or
/// less) costs nothing that way, and every result is reduced to the one form below p.
struct FieldElement: Hashable, Sendable {
  /// 64 bits each, the least significant first.
  var limbs: Limbs

  typealias Limbs = (UInt64, UInt64, UInt64, UInt64)

  static let zero = FieldElement(0)
  static let one = FieldElement(1)

  /// 2²⁵⁶ − p, which 2²⁵⁶ is congruent to.
  @inline(__always)
  private static var fold: UInt64 { 0x1_0000_03d1 }

  @inline(__always)
  init(_ value: UInt64) { limbs = (value, 0, 0, 0) }

  /// The caller has checked that the number is below p.
  @inline(__always)
  init(reduced limbs: Limbs) { self.limbs = limbs }

  /// Nil where the number isn't below p.
  init?(limbs: Limbs) {
    self.limbs = limbs
    guard !isUnreduced else { return nil }
  }

  @inline(__always)
  var isZero: Bool { limbs.0 | limbs.1 | limbs.2 | limbs.3 == 0 }

  @inline(__always)
  var isOdd: Bool { limbs.0 & 1 == 1 }

  /// p's upper three limbs have all bits set.
  @inline(__always)
  private var isUnreduced: Bool {
    limbs.3 == .max && limbs.2 & limbs.1 == .max && limbs.0 >= 0 &- Self.fold
  }

  /// Adds `carry` times 2²⁵⁶, and takes p off where that, or the number itself, isn't below it.
  @inline(__always)
  private mutating func reduce(carry: UInt64) {
    // Without a carry only numbers that begin with 64 ones can be p or more.
    if carry != 0 || limbs.3 == .max { reduceSlowly(carry: carry) }
  }

  @inline(never)
  private mutating func reduceSlowly(carry: UInt64) {
    var carry = carry
    if carry == 0 {
      guard isUnreduced else { return }
      carry = 1
    }
    // What is at least 2²⁵⁶ or p has 2²⁵⁶ − p added and 2²⁵⁶ taken off. After a carry little
    // remains (a sum's rest is below p, a product's below 2⁶⁸), so that nothing overflows again.
    carry = carry &* Self.fold
    (limbs.0, carry) = Self.sum(limbs.0, carry)
    (limbs.1, carry) = Self.sum(limbs.1, carry)
    (limbs.2, carry) = Self.sum(limbs.2, carry)
    limbs.3 &+= carry
  }

  @inline(__always)
  private static func sum(_ a: UInt64, _ b: UInt64) -> (low: UInt64, carry: UInt64) {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return (sum, overflow ? 1 : 0)
  }

  /// a·b + c + d, which fits 128 bits: (2⁶⁴ − 1)² + 2·(2⁶⁴ − 1) = 2¹²⁸ − 1.
  @inline(__always)
  private static func product(
    _ a: UInt64, _ b: UInt64, plus c: UInt64, _ d: UInt64
  ) -> (low: UInt64, high: UInt64) {
    let sum =
      UInt128(truncatingIfNeeded: a) &* UInt128(truncatingIfNeeded: b)
      &+ UInt128(truncatingIfNeeded: c) &+ UInt128(truncatingIfNeeded: d)
    return (UInt64(truncatingIfNeeded: sum), UInt64(truncatingIfNeeded: sum &>> 64))
  }

  /// The square is `a * a`: of equal factors the compiler makes each product once.
  @inline(__always)
  static func * (left: FieldElement, right: FieldElement) -> FieldElement {
    let (a, b) = (left.limbs, right.limbs)
    // All eight limbs of the product, one row for each of the left limbs.
    var r: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    var carry: UInt64
    (r.0, carry) = product(a.0, b.0, plus: 0, 0)
    (r.1, carry) = product(a.0, b.1, plus: 0, carry)
    (r.2, carry) = product(a.0, b.2, plus: 0, carry)
    (r.3, r.4) = product(a.0, b.3, plus: 0, carry)
    (r.1, carry) = product(a.1, b.0, plus: r.1, 0)
    (r.2, carry) = product(a.1, b.1, plus: r.2, carry)
    (r.3, carry) = product(a.1, b.2, plus: r.3, carry)
    (r.4, r.5) = product(a.1, b.3, plus: r.4, carry)
    (r.2, carry) = product(a.2, b.0, plus: r.2, 0)
    (r.3, carry) = product(a.2, b.1, plus: r.3, carry)
    (r.4, carry) = product(a.2, b.2, plus: r.4, carry)
    (r.5, r.6) = product(a.2, b.3, plus: r.5, carry)
    (r.3, carry) = product(a.3, b.0, plus: r.3, 0)
    (r.4, carry) = product(a.3, b.1, plus: r.4, carry)
    (r.5, carry) = product(a.3, b.2, plus: r.5, carry)
    (r.6, r.7) = product(a.3, b.3, plus: r.6, carry)
    // 2²⁵⁶ ≡ fold: the upper half times it onto the lower one,
    var result: Limbs
    (result.0, carry) = product(r.4, fold, plus: r.0, 0)
    (result.1, carry) = product(r.5, fold, plus: r.1, carry)
    (result.2, carry) = product(r.6, fold, plus: r.2, carry)
    (result.3, carry) = product(r.7, fold, plus: r.3, carry)
    // and once more what that is above 2²⁵⁶, at most 34 bits.
    let rest = carry.multipliedFullWidth(by: fold)
    (result.0, carry) = sum(result.0, rest.low)
    (result.1, carry) = product(rest.high, 1, plus: result.1, carry)
    var element = FieldElement(reduced: result)
    if carry != 0 { carry = element.carryUpwards() }
    element.reduce(carry: carry)
    return element
  }

  /// Adds 2¹²⁸; what leaves the number at 2²⁵⁶.
  @inline(never)
  private mutating func carryUpwards() -> UInt64 {
    var carry: UInt64
    (limbs.2, carry) = Self.sum(limbs.2, 1)
    (limbs.3, carry) = Self.sum(limbs.3, carry)
    return carry
  }

  @inline(__always)
  static func + (left: FieldElement, right: FieldElement) -> FieldElement {
    let (a, b) = (left.limbs, right.limbs)
    var result: Limbs
    var carry: UInt64
    (result.0, carry) = product(a.0, 1, plus: b.0, 0)
    (result.1, carry) = product(a.1, 1, plus: b.1, carry)
    (result.2, carry) = product(a.2, 1, plus: b.2, carry)
    (result.3, carry) = product(a.3, 1, plus: b.3, carry)
    var element = FieldElement(reduced: result)
    element.reduce(carry: carry)
    return element
  }

  @inline(__always)
  static func - (left: FieldElement, right: FieldElement) -> FieldElement {
    let (a, b) = (left.limbs, right.limbs)
    let (low, lowBorrow) = wide(a.0, a.1).subtractingReportingOverflow(wide(b.0, b.1))
    let borrow: UInt128 = lowBorrow ? 1 : 0
    let (half, first) = wide(a.2, a.3).subtractingReportingOverflow(wide(b.2, b.3))
    let (high, second) = half.subtractingReportingOverflow(borrow)
    // Below zero, p is added: 2²⁵⁶ is there already, so 2²⁵⁶ − p is taken off.
    let excess = fold & (0 &- UInt64((first ? 1 : 0) | (second ? 1 : 0)))
    let (limb, isShort) = UInt64(truncatingIfNeeded: low).subtractingReportingOverflow(excess)
    var element = FieldElement(
      reduced: (
        limb, UInt64(truncatingIfNeeded: low &>> 64),
        UInt64(truncatingIfNeeded: high), UInt64(truncatingIfNeeded: high &>> 64)
      ))
    if isShort { element.borrowUpwards() }
    return element
  }

  @inline(__always)
  private static func wide(_ low: UInt64, _ high: UInt64) -> UInt128 {
    UInt128(truncatingIfNeeded: high) &<< 64 | UInt128(truncatingIfNeeded: low)
  }

  /// Takes off 2⁶⁴; the number is larger.
  @inline(never)
  private mutating func borrowUpwards() {
    var isShort: Bool
    (limbs.1, isShort) = limbs.1.subtractingReportingOverflow(1)
    guard isShort else { return }
    (limbs.2, isShort) = limbs.2.subtractingReportingOverflow(1)
    if isShort { limbs.3 &-= 1 }
  }

  /// p − self where `isNegative`. Not for zero.
  @inline(__always)
  func negated(if isNegative: Bool) -> FieldElement {
    // All bits inverted give 2²⁵⁶ − 1 − self, which is p − self but for fold − 1.
    let mask: UInt64 = isNegative ? .max : 0
    let inverted = (limbs.0 ^ mask, limbs.1 ^ mask, limbs.2 ^ mask, limbs.3 ^ mask)
    let (limb, isShort) = inverted.0.subtractingReportingOverflow((Self.fold &- 1) & mask)
    var element = FieldElement(reduced: (limb, inverted.1, inverted.2, inverted.3))
    if isShort { element.borrowUpwards() }
    return element
  }

  static func == (a: FieldElement, b: FieldElement) -> Bool {
    (a.limbs.0 ^ b.limbs.0) | (a.limbs.1 ^ b.limbs.1) | (a.limbs.2 ^ b.limbs.2)
      | (a.limbs.3 ^ b.limbs.3) == 0
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(limbs.0)
    hasher.combine(limbs.1)
    hasher.combine(limbs.2)
    hasher.combine(limbs.3)
  }
}
