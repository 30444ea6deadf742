package import ChainTypes
package import HTTPServer
package import Settlement

/// Prices in requests' bodies.
package enum PriceFields {
  private static let amountBytes = 1...120

  /// A price: `amount` in `currency`, which is a fiat currency's code or an asset that some
  /// configured chain lists.
  package static func price(
    _ fields: inout JSONFields, payments: PaymentService
  ) throws -> Amount {
    let code = try fields.string("currency", length: 1...CurrencyPair.maximumSymbolBytes)
    guard let currency = currency(code, payments) else {
      throw Problem.invalidField(
        fields.name("currency"), "It must be an ISO 4217 code, or an asset that is listed.")
    }
    let text = try fields.string("amount", length: amountBytes)
    let minorUnits = try Problem.minorUnits(fields.name("amount"), text, of: currency)
    return Amount(minorUnits: minorUnits, asset: currency)
  }

  private static func currency(_ code: String, _ payments: PaymentService) -> Asset? {
    if let fiat = FiatCurrency.asset(code) { return fiat }
    return payments.chains.lazy.compactMap { payments.spec($0)?.listed(code)?.asset }.first
  }

  /// The asset of a chain, both named in the body.
  package static func asset(
    _ fields: inout JSONFields, payments: PaymentService
  ) throws -> (spec: ChainSpec, asset: Asset) {
    let chain = ChainName(try fields.string("chain", length: 1...40))
    guard let chain, let spec = payments.spec(chain) else {
      throw Problem.invalidField(
        fields.name("chain"),
        "It must be one of \(payments.chains.map(\.text).joined(separator: ", ")).")
    }
    guard let asset = spec.listed(try fields.string("asset", length: 1...20))?.asset else {
      let known = spec.assets.map(\.asset.symbol).joined(separator: ", ")
      throw Problem.invalidField(fields.name("asset"), "\(chain) is paid in \(known).")
    }
    return (spec, asset)
  }
}
