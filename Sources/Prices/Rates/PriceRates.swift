package import Bytes
package import ChainTypes
package import Payments

/// Rates for those who turn prices into amounts, wherever they come from.
package protocol PriceRates: Sendable {
  /// Those that there may be rates of.
  var pairs: [CurrencyPair] { get }

  /// For how long a quote can be used, and a payment made of one be open.
  var quoteLifetimeSeconds: Int64 { get }

  /// The rate that may be used now: the last on which enough sources agreed, within its bound.
  /// Throws a `RateRefusal` where there is none.
  func rate(of pair: CurrencyPair) async throws -> CurrentRate
}

/// A rate that may be used.
package struct CurrentRate: Sendable, Equatable {
  package let pair: CurrencyPair
  /// Units of the quote currency for a unit of the base.
  package let value: ExactDecimal
  /// How many sources agreed, and when enough of them did.
  package let sources: Int
  package let asOf: Timestamp

  package init(pair: CurrencyPair, value: ExactDecimal, sources: Int, asOf: Timestamp) {
    self.pair = pair
    self.value = value
    self.sources = sources
    self.asOf = asOf
  }

  /// Whether it may be used yet: it isn't too old, nor from a moment that is still to come, as
  /// where a clock was ahead or has been set back since.
  package func isUsable(at now: Timestamp, maximumAgeSeconds: Int64) -> Bool {
    asOf <= now.adding(seconds: Observation.toleratedSeconds)
      && now <= asOf.adding(seconds: maximumAgeSeconds)
  }

  /// What `price` comes to in `asset`, rounded up to its minor unit.
  package func quote(
    _ price: Amount, in asset: Asset, lifetimeSeconds: Int64, now: Timestamp
  ) throws(RateRefusal) -> QuotedAmount {
    let amount: Amount
    do {
      amount = try price.converted(to: asset, at: value)
    } catch {
      throw .priceTooLarge(price)
    }
    return QuotedAmount(
      amount: amount.minorUnits,
      quote: PaymentQuote(
        // As a currency a token is its symbol: a price is no token's.
        currency: Asset(symbol: price.asset.symbol, decimals: price.asset.decimals),
        price: price.minorUnits, rate: value, sources: sources, asOf: asOf,
        lifetimeSeconds: lifetimeSeconds, validUntil: now.adding(seconds: lifetimeSeconds)))
  }
}

/// What a price came to, and how.
package struct QuotedAmount: Sendable, Equatable, Codable {
  /// In the asset's minor units.
  package let amount: UInt256
  package let quote: PaymentQuote
}

/// Why there is no amount for a price. Nothing was written.
package enum RateRefusal: Error, Sendable, Equatable {
  /// The asset isn't priced in the currency; in which it is.
  case unknownPair(base: String, quote: String, known: [String])
  /// Sources haven't agreed for longer than a rate may be used; when they last did.
  case unavailable(CurrencyPair, last: Timestamp?)
  case priceTooLarge(Amount)
}

extension PriceRates {
  /// What `price` comes to in `asset` now.
  package func quote(
    _ price: Amount, in asset: Asset, now: Timestamp
  ) async throws -> QuotedAmount {
    try await rate(of: pair(of: asset, in: price.asset.symbol))
      .quote(price, in: asset, lifetimeSeconds: quoteLifetimeSeconds, now: now)
  }

  /// The pair that prices the asset in the currency.
  package func pair(
    of asset: Asset, in currency: String
  ) throws(RateRefusal) -> CurrencyPair {
    let known = pairs.filter { $0.base == asset.symbol }
    guard let pair = known.first(where: { $0.quote == currency }) else {
      throw .unknownPair(
        base: asset.symbol, quote: currency, known: known.map(\.quote).sorted())
    }
    return pair
  }
}
