package import Bytes
package import ChainTypes

/// An exact amount as it is told to people.
package struct Money: Codable, Equatable, Sendable {
  package let minorUnits: UInt256
  /// `EUR`, `BTC`.
  package let symbol: String
  package let decimals: UInt8
  /// Whether it is a state's currency: those have all their decimals shown, and signs.
  package let isCurrency: Bool

  package init(_ amount: Amount, isCurrency: Bool) {
    minorUnits = amount.minorUnits
    symbol = amount.asset.symbol
    decimals = amount.asset.decimals
    self.isCurrency = isCurrency
  }

  /// Whole units and their decimals: those of a coin without zeros at their end.
  fileprivate var digits: (whole: String, fraction: String) {
    let asset = Asset(symbol: symbol, decimals: decimals)
    let parts = Amount(minorUnits: minorUnits, asset: asset).units
      .split(separator: ".", maxSplits: 1)
    var fraction = parts.count == 2 ? parts[1] : ""
    if !isCurrency { while fraction.last == "0" { fraction.removeLast() } }
    return (String(parts.first ?? "0"), String(fraction))
  }
}

extension LanguageForms {
  /// `$1,234.50`, `1.234,50 €`, `0,00015 BTC`.
  package func text(_ money: Money) -> String {
    let (whole, fraction) = money.digits
    let number = grouped(whole) + (fraction.isEmpty ? "" : decimalSign + fraction)
    guard money.isCurrency else {
      return number + Self.space + ForeignText.line(money.symbol, scalars: 20)
    }
    let sign = signs[money.symbol] ?? ForeignText.line(money.symbol, scalars: 20)
    guard signFirst else { return number + Self.space + sign }
    // Letters and digits need a space between them.
    return sign + (sign.last?.isLetter == true ? Self.space : "") + number
  }

  private func grouped(_ digits: String) -> String {
    guard digits.utf8.count >= groupedDigits else { return digits }
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.utf8.count - index) % 3 == 0 { text += groupSign }
      text.append(digit)
    }
    return text
  }
}
