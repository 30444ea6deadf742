import Bytes
import Keys
import Testing

@testable import CurvePoints

@Suite("The table of multiples")
struct GeneratorTableTests {
  private let order = Modular.order

  @Test("each place's first, last and some other multiples are libsecp256k1's")
  func entries() throws {
    var generator = SplitMix64(seed: 3)
    let table = GeneratorTable.shared.points
    for place in 0..<SignedDigits.count {
      let isTopmost = place == SignedDigits.count - 1
      let most = isTopmost ? SignedDigits.topmost : SignedDigits.half
      var digits = [1, 2, 3, most / 2, most / 2 + 1, most - 1, most]
      for _ in 0..<30 { digits.append(1 + Int(generator.next() % UInt64(most))) }
      for digit in digits {
        let number = order.product(
          UInt256(UInt64(digit)), UInt256(1).shiftedLeft(by: place * SignedDigits.width))
        let point = table[Multiple(digit: digit, place: place).entry]
        #expect(
          try Oracle.compressed(point) == Oracle.key(number).compressed, "\(digit) at \(place)")
        #expect(point.y * point.y == point.x * point.x * point.x + FieldElement(7))
      }
    }
  }

  @Test("a negative digit has its positive's entry, and 0 is infinity")
  func signs() {
    let (negative, positive) = (Multiple(digit: -5, place: 3), Multiple(digit: 5, place: 3))
    #expect(negative.entry == positive.entry)
    #expect(negative.isNegative && !positive.isNegative)
    #expect(Multiple(digit: 0, place: 3).isInfinity)
    #expect(!Multiple(digit: 1, place: 0).isInfinity)
  }
}
