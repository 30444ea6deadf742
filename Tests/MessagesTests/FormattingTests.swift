import Bytes
import ChainTypes
import Foundation
import Messages
import Testing

@Suite("Money and times for readers")
struct FormattingTests {
  /// What ICU writes with these digits.
  private static func oracle(
    _ language: Language, _ code: String, _ decimals: Int, _ units: String
  ) -> String? {
    let formatter = NumberFormatter()
    formatter.locale = Locale(identifier: language.rawValue)
    formatter.numberStyle = .currency
    formatter.currencyCode = code
    formatter.minimumFractionDigits = decimals
    formatter.maximumFractionDigits = decimals
    return formatter.string(from: NSDecimalNumber(string: units))
  }

  private static let amounts: [UInt256] = [
    0, 1, 5, 99, 100, 101, 999, 1_000, 9_999, 12_345, 99_999, 100_000, 123_456, 999_999, 1_000_000,
    1_234_567, 12_345_678, 123_456_789, 987_654_321_012,
  ]

  @Test("currencies stand as ICU writes them", arguments: Language.allCases)
  func currencies(language: Language) throws {
    let codes: [(String, UInt8)] = [
      ("USD", 2), ("EUR", 2), ("GBP", 2), ("JPY", 0), ("CHF", 2), ("CAD", 2), ("AUD", 2),
      ("NZD", 2), ("MXN", 2), ("BRL", 2), ("CNY", 2), ("INR", 2), ("KRW", 0), ("TWD", 2),
      ("HKD", 2), ("ILS", 2), ("VND", 0), ("PHP", 2), ("KWD", 3), ("SEK", 2), ("PLN", 2),
      ("CZK", 2), ("TND", 3), ("ISK", 0), ("ZAR", 2), ("UAH", 2), ("AED", 2), ("IDR", 2),
    ]
    for (code, decimals) in codes {
      let asset = Asset(symbol: code, decimals: decimals)
      for value in Self.amounts {
        let amount = Amount(minorUnits: value, asset: asset)
        let ours = Reader(language).text(Money(amount, isCurrency: true))
        let theirs = try #require(
          Self.oracle(language, code, Int(decimals), amount.units))
        #expect(ours == theirs)
      }
    }
  }

  /// On purpose: signs that hold letters of a region, which few know outside it, are codes here.
  @Test("a currency without a sign is told by its code", arguments: ["XAF", "XPF", "XOF", "XCD"])
  func codes(code: String) {
    let money = Money(
      Amount(minorUnits: 123_456, asset: Asset(symbol: code, decimals: 0)), isCurrency: true)
    #expect(Reader(.en).text(money) == "\(code)\u{a0}123,456")
    #expect(Reader(.de).text(money) == "123.456\u{a0}\(code)")
  }

  @Test("coins have their symbols behind them, and no zeros that say nothing")
  func coins() throws {
    func text(_ units: String, _ asset: Asset, _ language: Language) throws -> String {
      let amount = try Amount(units: units, asset: asset)
      return Reader(language).text(Money(amount, isCurrency: false))
        .replacing("\u{a0}", with: "~").replacing("\u{202f}", with: "_")
    }
    let usdc = Asset(symbol: "USDC", decimals: 6)
    #expect(try text("0.00015000", .btc, .en) == "0.00015~BTC")
    #expect(try text("0.00015000", .btc, .ja) == "0.00015~BTC")
    #expect(try text("0.00015000", .btc, .de) == "0,00015~BTC")
    #expect(try text("21000000", .btc, .fr) == "21_000_000~BTC")
    #expect(try text("1234.5", usdc, .es) == "1234,5~USDC")
    #expect(try text("12345.678900", usdc, .it) == "12.345,6789~USDC")
    #expect(try text("0.000000000000000001", .eth, .en) == "0.000000000000000001~ETH")
    #expect(try text("0", .eth, .de) == "0~ETH")
    // Exact, however large.
    let largest = Amount(minorUnits: .max, asset: .eth)
    let digits = Reader(.en).text(Money(largest, isCurrency: false))
      .filter(\.isNumber)
    #expect(digits == UInt256.max.decimal)
  }

  @Test("numbers of coins stand as ICU writes numbers", arguments: Language.allCases)
  func numbers(language: Language) throws {
    let formatter = NumberFormatter()
    formatter.locale = Locale(identifier: language.rawValue)
    formatter.numberStyle = .decimal
    formatter.maximumFractionDigits = 8
    for value in Self.amounts {
      let amount = Amount(minorUnits: value, asset: .btc)
      let number = try #require(formatter.string(from: NSDecimalNumber(string: amount.units)))
      #expect(
        Reader(language).text(Money(amount, isCurrency: false)) == number + "\u{a0}BTC")
    }
  }

  @Test("times stand as ICU writes them, in the reader's zone", arguments: Language.allCases)
  func times(language: Language) throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: language.rawValue)
    formatter.dateStyle = .long
    formatter.timeStyle = .short
    let names = [
      "UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kathmandu",
      "Pacific/Kiritimati", "America/St_Johns",
    ]
    for name in names {
      let zone = try #require(TimeZone(identifier: name))
      formatter.timeZone = zone
      let clock = Reader.Clock { time in
        zone.secondsFromGMT(
          for: Date(timeIntervalSince1970: Double(time.microseconds) / 1_000_000))
      }
      // Two years in odd steps, over every month, both changes of the clocks and a leap day.
      for step in 0..<300 {
        let seconds = 1_767_225_599 + Int64(step) * 211_339
        let theirs = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
        let ours = Reader(language, clock: clock).text(Timestamp(seconds: seconds))
        // On purpose: we keep the half of the day on the line of its hour by U+00A0.
        #expect(
          ours.replacing("\u{a0}", with: " ") == theirs.replacing("\u{202f}", with: " "))
      }
    }
  }

  @Test("where the reader's zone isn't known, times say that they are in UTC")
  func labels() {
    #expect(Reader(.de).text(Timestamp(seconds: 0)) == "1. Januar 1970 um 00:00 (UTC)")
  }

  @Test("times far away are times, too")
  func extremes() {
    for time in [Int64.min, .min + 1, -1, 0, .max - 1, .max] {
      for offset in [Int.min, -3_600, 0, .max] {
        let local = LocalTime(Timestamp(microseconds: time), offsetSeconds: offset)
        #expect((1...12).contains(local.month) && (0...6).contains(local.weekday))
      }
    }
    let last = LocalTime(Timestamp(microseconds: -1), offsetSeconds: 0)
    #expect(last.year == 1969 && last.day == 31 && last.second == 59 && last.weekday == 3)
  }
}
