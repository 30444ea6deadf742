/// How a language writes numbers, money and times; after the Unicode CLDR's forms for it.
package struct LanguageForms: Sendable {
  let decimalSign: String
  let groupSign: String
  /// Numbers with fewer digits before the decimal sign stand in one piece.
  let groupedDigits: Int
  /// Whether a currency's sign stands before the number.
  let signFirst: Bool
  /// The signs of currencies that are known by one; others are told by their codes (ISO 4217).
  let signs: [String: String]
  /// Date and time of day, such as `22. November 2026 um 14:30`.
  let time: @Sendable (LocalTime) -> String

  /// Keeps what belongs together on one line.
  static let space = "\u{a0}"

  static let english = LanguageForms(
    decimalSign: ".", groupSign: ",", groupedDigits: 4, signFirst: true,
    signs: worldwide.merging(["JPY": "¥", "CNY": "CN¥", "PHP": "₱"]) { _, new in new }
  ) { time in
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December",
    ]
    let hour = (time.hour + 11) % 12 + 1
    return "\(months[time.month - 1]) \(time.day), \(time.year) at "
      + "\(hour):\(time.minuteText)\(space)\(time.hour < 12 ? "AM" : "PM")"
  }

  static let german = LanguageForms(
    decimalSign: ",", groupSign: ".", groupedDigits: 4, signFirst: false,
    signs: worldwide.merging(["JPY": "¥", "CNY": "CN¥", "AUD": "AU$"]) { _, new in new }
  ) { time in
    let months = [
      "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
      "Oktober", "November", "Dezember",
    ]
    return "\(time.day). \(months[time.month - 1]) \(time.year) um \(time.clock)"
  }

  static let french = LanguageForms(
    decimalSign: ",", groupSign: "\u{202f}", groupedDigits: 4, signFirst: false,
    signs: [
      "EUR": "€", "USD": "$US", "GBP": "£GB", "CAD": "$CA", "AUD": "$AU", "NZD": "$NZ",
      "MXN": "$MX", "BRL": "R$", "INR": "₹", "KRW": "₩", "ILS": "₪", "VND": "₫",
    ]
  ) { time in
    let months = [
      "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
      "octobre", "novembre", "décembre",
    ]
    return "\(time.day) \(months[time.month - 1]) \(time.year) à \(time.clock)"
  }

  static let spanish = LanguageForms(
    decimalSign: ",", groupSign: ".", groupedDigits: 5, signFirst: false,
    signs: ["EUR": "€", "USD": "US$", "VND": "₫"]
  ) { time in
    let months = [
      "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
      "octubre", "noviembre", "diciembre",
    ]
    return "\(time.day) de \(months[time.month - 1]) de \(time.year), "
      + "\(time.hour):\(time.minuteText)"
  }

  static let italian = LanguageForms(
    decimalSign: ",", groupSign: ".", groupedDigits: 5, signFirst: false,
    signs: [
      "EUR": "€", "GBP": "£", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "CNY": "CN¥", "ILS": "₪",
      "PHP": "₱",
    ]
  ) { time in
    let months = [
      "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
      "settembre", "ottobre", "novembre", "dicembre",
    ]
    return "\(time.day) \(months[time.month - 1]) \(time.year) alle ore \(time.clock)"
  }

  static let japanese = LanguageForms(
    decimalSign: ".", groupSign: ",", groupedDigits: 4, signFirst: true,
    signs: worldwide.merging(["JPY": "¥", "CNY": "元"]) { _, new in new }
  ) { time in
    "\(time.year)年\(time.month)月\(time.day)日 \(time.hour):\(time.minuteText)"
  }

  /// Signs that several languages write alike.
  private static let worldwide = [
    "EUR": "€", "USD": "$", "GBP": "£", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "MXN": "MX$",
    "BRL": "R$", "INR": "₹", "KRW": "₩", "TWD": "NT$", "HKD": "HK$", "ILS": "₪", "VND": "₫",
  ]
}
