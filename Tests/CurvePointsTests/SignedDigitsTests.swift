import Bytes
import Testing

@testable import CurvePoints

@Suite("Signed digits")
struct SignedDigitsTests {
  private let order = Modular.order

  @Test("digits within their bounds add up to the number")
  func digits() throws {
    var generator = SplitMix64(seed: 11)
    let top = order.modulus.subtractingReportingUnderflow(1).difference
    var numbers: [UInt256] = [0, 1, UInt256(UInt64(SignedDigits.half)), top]
    for shift in 0..<256 {
      let power = UInt256(1).shiftedLeft(by: shift)
      numbers += [power, power.subtractingReportingUnderflow(1).difference]
    }
    for _ in 0..<200 { numbers.append(UInt256.random(using: &generator)) }
    for number in numbers where number < order.modulus {
      let digits = try #require(SignedDigits(number.hash))
      var sum = UInt256.zero
      for place in 0..<SignedDigits.count {
        let digit = digits.digit(place)
        let isTopmost = place == SignedDigits.count - 1
        let bounds =
          isTopmost ? 0...SignedDigits.topmost : -SignedDigits.half...SignedDigits.half - 1
        #expect(bounds.contains(digit), "\(number): \(digit) at \(place)")
        let unit = UInt256(1).shiftedLeft(by: place * SignedDigits.width)
        let value = order.product(unit, UInt256(UInt64(digit.magnitude)))
        sum = order.sum(sum, digit < 0 ? order.negative(value) : value)
      }
      #expect(sum == number)
    }
  }

  @Test("what isn't below the group's order has no digits")
  func range() {
    #expect(SignedDigits(order.modulus.hash) == nil)
    #expect(SignedDigits(order.modulus.addingReportingOverflow(1).sum.hash) == nil)
    #expect(SignedDigits(UInt256(limbs: (.max, .max, .max, .max)).hash) == nil)
    // Larger in the lowest limb alone, and smaller in the next.
    #expect(SignedDigits(UInt256(limbs: (.max, 0, .max - 1, .max)).hash) != nil)
  }
}
