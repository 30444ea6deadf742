import Testing

@testable import Bytes

@Suite("UInt256")
struct UInt256Tests {
  @Test("decimal text survives the way there and back")
  func decimalRoundTrip() throws {
    let texts = ["0", "1", "18446744073709551616", String(repeating: "9", count: 77)]
    for text in texts { #expect(try UInt256(decimal: text).decimal == text) }
    #expect(
      UInt256.max.decimal
        == "115792089237316195423570985008687907853269984665640564039457584007913129639935")
  }

  @Test("a number over 256 bits, a sign or an empty text is an error")
  func badText() {
    let over = "115792089237316195423570985008687907853269984665640564039457584007913129639936"
    #expect(throws: UInt256.ParsingError.tooLarge(over)) { try UInt256(decimal: over) }
    #expect(throws: UInt256.ParsingError.invalidDigit("-1")) { try UInt256(decimal: "-1") }
    #expect(throws: UInt256.ParsingError.empty) { try UInt256(decimal: "") }
  }

  @Test("results that don't fit are thrown, not wrapped")
  func checkedArithmetic() {
    #expect(throws: UInt256.ArithmeticError.overflow) { try UInt256.max.adding(1) }
    #expect(throws: UInt256.ArithmeticError.underflow) { try UInt256.zero.subtracting(1) }
    #expect(throws: UInt256.ArithmeticError.overflow) { try UInt256.max.multiplied(by: 2) }
    #expect(throws: UInt256.ArithmeticError.divisionByZero) { try UInt256.one.divided(by: 0) }
  }

  @Test("dividing and multiplying back gives the number")
  func division() throws {
    var random = SplitMix64(seed: 256)
    for _ in 0..<2_000 {
      let words = (0..<8).map { _ in random.next() >> UInt64.random(in: 0...63, using: &random) }
      let a = UInt256(limbs: (words[0], words[1], words[2], words[3]))
      let cut = Int.random(in: 0...3, using: &random)
      let b = UInt256(
        limbs: (
          words[4] | 1, cut > 0 ? words[5] : 0, cut > 1 ? words[6] : 0, cut > 2 ? words[7] : 0
        ))
      let (quotient, remainder) = try a.divided(by: b)
      #expect(remainder < b)
      #expect(try quotient.multiplied(by: b).adding(remainder) == a)
    }
  }
}
