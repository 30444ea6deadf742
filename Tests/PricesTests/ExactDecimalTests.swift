import Bytes
import ChainTypes
import Foundation
import Testing

@Suite("exact decimals, and prices turned into amounts")
struct ExactDecimalTests {
  @Test(
    "a number is read as it is written",
    arguments: [
      ("65000.5", "65000.5"), ("0", "0"), ("0.000", "0"), ("007.10", "7.1"), ("1e3", "1000"),
      ("1.5E-05", "0.000015"), ("6.5e+4", "65000"),
      ("1.234567890123457e-05", "0.00001234567890123457"),
      ("0.000000000000000000000000000000000001", "0.000000000000000000000000000000000001"),
      ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
      ("100000000000000000000000000000000000000e-1", "10000000000000000000000000000000000000"),
      ("0e99", "0"),
    ])
  func reading(text: String, expected: String) throws {
    let number = try ExactDecimal(text)
    #expect(number.text == expected)
    #expect(try ExactDecimal(number.text) == number)
    let stored = try JSONEncoder().encode([number])
    #expect(String(decoding: stored, as: UTF8.self) == "[\"\(expected)\"]")
    #expect(try JSONDecoder().decode([ExactDecimal].self, from: stored) == [number])
  }

  @Test(
    "what is no such number is refused",
    arguments: [
      "", "-1", "+1", ".5", "5.", "1,5", "1 ", "NaN", "Infinity", "0x10", "1e", "1e+", "1e+-1",
      "1e99999", "1e38", "100000000000000000000000000000000000000", "1e-37", "٣", "1.2.3", "1e2e3",
      String(repeating: "1", count: 201),
    ])
  func refusing(text: String) {
    #expect(throws: ExactDecimal.ParsingError.self) { try ExactDecimal(text) }
  }

  @Test("order, mean and inverse are exact as far as there is room, and rounded half up beyond")
  func reckoning() throws {
    let (a, b) = (try ExactDecimal("0.1"), try ExactDecimal("0.25"))
    #expect(a < b && !(b < a) && !(a < a))
    #expect(ExactDecimal.mean(a, b)?.text == "0.175")
    let large = try ExactDecimal("99999999999999999999999999999999999999")
    #expect(ExactDecimal.mean(large, large) == large)
    let least = try ExactDecimal("0.000000000000000000000000000000000001")
    #expect(ExactDecimal.mean(.zero, least) == least)
    #expect(try ExactDecimal("4").inverse?.text == "0.25")
    #expect(try ExactDecimal("3").inverse?.text == "0." + String(repeating: "3", count: 36))
    #expect(try ExactDecimal("0.6").inverse?.text == "1." + String(repeating: "6", count: 35) + "7")
    #expect(ExactDecimal.zero.inverse == nil)
    #expect(large.inverse?.text == "0" || large.inverse == .zero)
    let reference = try ExactDecimal("100")
    for (text, within) in [("102", true), ("98", true), ("102.01", false), ("97.99", false)] {
      #expect(try ExactDecimal(text).isWithin(basisPoints: 200, of: reference) == within)
    }
  }

  @Test(
    "a price is rounded up to the asset's minor unit",
    arguments: [
      // 4.50 USD at 65,000 USD: 0.0000692307… BTC.
      ("4.50", "65000", "0.00006924"), ("65000", "65000", "1.00000000"),
      ("0.01", "65000", "0.00000016"), ("0.00", "65000", "0.00000000"),
      ("1", "3", "0.33333334"), ("1", "100000000", "0.00000001"), ("1", "100000001", "0.00000001"),
    ])
  func rounding(price: String, rate: String, expected: String) throws {
    let usd = try #require(FiatCurrency.asset("USD"))
    let amount = try Amount(units: price, asset: usd).converted(
      to: .btc, at: ExactDecimal(rate))
    #expect(amount.units == expected)
  }

  @Test("what has no room in 256 bits, and a rate of zero, are refused")
  func overflow() throws {
    let usd = try #require(FiatCurrency.asset("USD"))
    let whole = Amount(minorUnits: .max, asset: usd)
    #expect(throws: Amount.ConversionError.tooLarge) {
      try whole.converted(to: .btc, at: ExactDecimal("0.5"))
    }
    #expect(throws: Amount.ConversionError.zeroRate) { try whole.converted(to: .btc, at: .zero) }
    let yen = Amount(minorUnits: 1, asset: try #require(FiatCurrency.asset("JPY")))
    #expect(
      try yen.converted(to: .eth, at: ExactDecimal("99999999999999999999999999999999999999"))
        .minorUnits == 1)
  }

  @Test("conversion agrees with slow arithmetic, whatever the digits", arguments: 0..<400)
  func oracle(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    func number(_ digits: Int) -> String {
      (0..<max(1, digits)).map { _ in String(random.next() % 10) }.joined()
    }
    let currency = Asset(symbol: "X", decimals: UInt8(random.next() % 19))
    let asset = Asset(symbol: "Y", decimals: UInt8(random.next() % 19))
    let price = number(Int(random.next() % 22))
    let scale = Int(random.next() % 20)
    let digits = number(Int(random.next() % 18) + 1)
    guard
      let rate = ExactDecimal(rounding: try UInt256(decimal: digits), scale: scale),
      rate != .zero
    else { return }
    let found = try? Amount(minorUnits: UInt256(decimal: price), asset: currency).converted(
      to: asset, at: rate)
    let amount = try #require(found)
    // price / 10^c / (digits / 10^s) · 10^a, rounded up: the least q with q · d ≥ n.
    let numerator =
      WideNumber(price) * .powerOfTen(Int(asset.decimals)) * .powerOfTen(scale)
    let denominator = WideNumber(digits) * .powerOfTen(Int(currency.decimals))
    let quotient = WideNumber(amount.minorUnits.decimal)
    #expect(quotient * denominator >= numerator)
    #expect(quotient * denominator < numerator + denominator)
  }

  @Test("rates compare and are halved as slow arithmetic does it", arguments: 0..<200)
  func comparing(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed) &+ 1_000_000)
    func decimal() throws -> (value: ExactDecimal, digits: WideNumber, scale: Int) {
      let digits = (0..<Int(random.next() % 15 + 1)).map { _ in String(random.next() % 10) }
        .joined()
      let scale = Int(random.next() % 15)
      let value = try #require(ExactDecimal(rounding: UInt256(decimal: digits), scale: scale))
      return (value, WideNumber(digits), scale)
    }
    let (a, b) = (try decimal(), try decimal())
    let left = a.digits * .powerOfTen(b.scale)
    let right = b.digits * .powerOfTen(a.scale)
    #expect((a.value < b.value) == (left < right))
    #expect((a.value == b.value) == (left == right))
    let mean = try #require(ExactDecimal.mean(a.value, b.value))
    // 2 · mean = a + b, all at one scale.
    let doubled =
      WideNumber(mean.digits.decimal) * WideNumber("2")
      * .powerOfTen(a.scale + b.scale)
    #expect(doubled == (left + right) * .powerOfTen(mean.scale))
  }
}
