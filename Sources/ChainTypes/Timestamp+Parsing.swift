extension Timestamp {
  /// From RFC 3339 in UTC, as `description` writes it: `2026-11-21T08:15:30.250Z`, with up to nine
  /// digits of a second's fraction or none; what is finer than a microsecond is cut off. Nil for
  /// anything else, leap seconds and dates that don't exist included.
  package init?(rfc3339 text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard (20...30).contains(bytes.count), bytes.last == UInt8(ascii: "Z") else { return nil }
    let marks: [(place: Int, mark: Character)] = [
      (4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"),
    ]
    for (place, mark) in marks where bytes[place] != mark.asciiValue { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...Self.days(ofMonth: month, year: year)).contains(day),
      hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction: Int64 = 0
    if bytes.count > 20 {
      let digits = 20..<(bytes.count - 1)
      guard bytes[19] == UInt8(ascii: "."), !digits.isEmpty, number(digits) != nil,
        let leading = number(digits.prefix(6))
      else { return nil }
      fraction = (digits.count..<max(6, digits.count)).reduce(leading) { value, _ in value * 10 }
    }
    let seconds = ((Self.daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    self.init(microseconds: seconds * 1_000_000 + fraction)
  }

  private static func days(ofMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01 to a civil date (proleptic Gregorian), in eras of 400 years from
  /// 0000-03-01; the inverse of what `description` does.
  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
