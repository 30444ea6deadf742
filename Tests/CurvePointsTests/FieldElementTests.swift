import Bytes
import Testing

@testable import CurvePoints

@Suite("Coordinates' field")
struct FieldElementTests {
  private let field = Modular.field

  /// Numbers at which limbs overflow, borrow or are full, and some others.
  private static let numbers: [UInt256] = {
    let top = Modular.field.modulus
    var numbers: [UInt256] = [0, 1, 2, 7, 0x1_0000_03d1, 0x1_0000_03d0]
    for shift in [32, 63, 64, 128, 192, 255] {
      let power = UInt256(1).shiftedLeft(by: shift)
      numbers += [power, power.subtractingReportingUnderflow(1).difference]
    }
    for number in numbers.dropFirst() {
      numbers.append(top.subtractingReportingUnderflow(number).difference)
    }
    var generator = SplitMix64(seed: 6)
    for _ in 0..<10 {
      let number = UInt256.random(using: &generator)
      if number < top { numbers.append(number) }
    }
    return numbers
  }()

  private func element(_ number: UInt256) throws -> FieldElement {
    try #require(FieldElement(limbs: number.limbs))
  }

  @Test("sums, differences, products and negatives are those of slow arithmetic")
  func arithmetic() throws {
    for a in Self.numbers {
      let left = try element(a)
      if a != .zero {
        #expect(UInt256(left.negated(if: true)) == field.negative(a), "−\(a)")
      }
      #expect(left.negated(if: false) == left)
      for b in Self.numbers {
        let right = try element(b)
        #expect(UInt256(left + right) == field.sum(a, b), "\(a) + \(b)")
        #expect(UInt256(left - right) == field.sum(a, field.negative(b)), "\(a) − \(b)")
        #expect(UInt256(left * right) == field.product(a, b), "\(a) · \(b)")
      }
    }
  }

  /// Numbers h for which h·(2²⁵⁶ − p) ends in ones only: 2²⁵⁵ times 2h + 1 folds into them, and
  /// what is folded last carries through `ones` bits.
  @Test("a product's last carry runs through all limbs", arguments: [128, 192, 256])
  func carries(ones: Int) throws {
    let wrapping = { (a: UInt256, b: UInt256) in
      var (sum, power) = (UInt256.zero, a)
      for bit in 0..<256 {
        if b.shiftedRight(by: bit).limbs.0 & 1 == 1 {
          sum = sum.addingReportingOverflow(power).sum
        }
        power = power.shiftedLeft(by: 1)
      }
      return sum
    }
    // Newton: each step doubles how many bits of the inverse are right.
    let fold = UInt256(0x1_0000_03d1)
    var inverse = UInt256(1)
    for _ in 0..<8 {
      let error = UInt256(2).subtractingReportingUnderflow(wrapping(fold, inverse)).difference
      inverse = wrapping(inverse, error)
    }
    #expect(wrapping(fold, inverse) == 1)
    var met = 0
    for below in 1..<20 as Range<UInt64> {
      let wanted = UInt256.zero.subtractingReportingUnderflow(UInt256(below)).difference
      var half = wrapping(wanted, inverse)
      if ones < 256 {
        // Only the lower bits matter; the rest is high enough for a carry.
        half = half.shiftedLeft(by: 256 - ones).shiftedRight(by: 256 - ones)
        half = half.addingReportingOverflow(UInt256(5).shiftedLeft(by: 250)).sum
      }
      guard half.bitWidth < 256 else { continue }
      let a = half.shiftedLeft(by: 1)
      guard let left = FieldElement(limbs: a.limbs) else { continue }
      let b = UInt256(1).shiftedLeft(by: 255)
      #expect(UInt256(left * (try element(b))) == field.product(a, b), "\(a)")
      met += 1
    }
    #expect(met > 3)
  }

  @Test("what isn't below p is no element")
  func range() {
    let top = Modular.field.modulus
    #expect(FieldElement(limbs: top.limbs) == nil)
    #expect(FieldElement(limbs: (.max, .max, .max, .max)) == nil)
    #expect(FieldElement(limbs: top.subtractingReportingUnderflow(1).difference.limbs) != nil)
  }

  @Test("an element times its inverse is 1, and 0 has the inverse 0")
  func inversion() throws {
    for number in Self.numbers where number != .zero {
      let element = try element(number)
      #expect(element * element.inverse == .one, "\(number)")
    }
    #expect(FieldElement.zero.inverse == .zero)
    let number = UInt256(1_234_567)
    let exponent = field.modulus.subtractingReportingUnderflow(2).difference
    #expect(UInt256(try element(number).inverse) == field.power(number, exponent))
  }
}
