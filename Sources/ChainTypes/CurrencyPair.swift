/// What is priced, and in what: `BTC-USD` counts US dollars for a bitcoin.
package struct CurrencyPair: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// An asset's symbol.
  package let base: String
  /// A currency's code, or another asset's symbol.
  package let quote: String

  package static let maximumSymbolBytes = 20

  /// Each 1 to 20 letters, digits or points; nil otherwise, and where both are the same.
  package init?(base: some StringProtocol, quote: some StringProtocol) {
    guard base != quote, Self.isSymbol(base), Self.isSymbol(quote) else { return nil }
    self.base = String(base)
    self.quote = String(quote)
  }

  /// From `BASE-QUOTE`.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    self.init(base: parts[0], quote: parts[1])
  }

  private static func isSymbol(_ text: some StringProtocol) -> Bool {
    (1...maximumSymbolBytes).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
          || $0 == 0x2e
      }
  }

  package var description: String { "\(base)-\(quote)" }

  package static func < (a: CurrencyPair, b: CurrencyPair) -> Bool {
    (a.base, a.quote) < (b.base, b.quote)
  }
}
