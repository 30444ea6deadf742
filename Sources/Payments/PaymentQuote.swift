package import Bytes
package import ChainTypes

/// At what rate a price was turned into the amount that is due; locked into the payment's terms.
package struct PaymentQuote: Hashable, Sendable, Codable {
  /// `quo_…`, where it was asked for beforehand.
  package let id: String?
  /// What the price is in.
  package let currency: Asset
  /// In the currency's minor units.
  package let price: UInt256
  /// Units of the currency for a unit of the payment's asset.
  package let rate: ExactDecimal
  /// How many sources agreed on it, and when.
  package let sources: Int
  package let asOf: Timestamp
  /// For how long a payment may be open that is made of it.
  package let lifetimeSeconds: Int64
  /// Until when it holds: until it is used, a lifetime from when it was given; in a payment's terms
  /// the payment's own deadline.
  package let validUntil: Timestamp

  package init(
    id: String? = nil, currency: Asset, price: UInt256, rate: ExactDecimal, sources: Int,
    asOf: Timestamp, lifetimeSeconds: Int64, validUntil: Timestamp
  ) {
    self.id = id
    self.currency = currency
    self.price = price
    self.rate = rate
    self.sources = sources
    self.asOf = asOf
    self.lifetimeSeconds = lifetimeSeconds
    self.validUntil = validUntil
  }

  /// The same, holding until another moment.
  package func holding(until moment: Timestamp) -> PaymentQuote {
    PaymentQuote(
      id: id, currency: currency, price: price, rate: rate, sources: sources, asOf: asOf,
      lifetimeSeconds: lifetimeSeconds, validUntil: moment)
  }

  /// The same under an id.
  package func identified(by id: String) -> PaymentQuote {
    PaymentQuote(
      id: id, currency: currency, price: price, rate: rate, sources: sources, asOf: asOf,
      lifetimeSeconds: lifetimeSeconds, validUntil: validUntil)
  }
}
