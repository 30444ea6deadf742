internal import Addresses
internal import Aggregates
package import Bytes
package import ChainTypes
package import Payments

/// What a price comes to, promised for a while: one payment can be made of it.
package struct Quote: Codable, Equatable, Sendable {
  /// `quo_…`
  package let id: String
  package let tenant: String
  package let chain: ChainName
  package let asset: Asset
  /// In the asset's minor units.
  package let amount: UInt256
  /// With the quote's id.
  package let quoted: PaymentQuote
  package let createdAt: Timestamp

  package init(
    id: String, tenant: String, chain: ChainName, asset: Asset, _ quoted: QuotedAmount,
    createdAt: Timestamp
  ) {
    self.id = id
    self.tenant = tenant
    self.chain = chain
    self.asset = asset
    amount = quoted.amount
    self.quoted = quoted.quote.identified(by: id)
    self.createdAt = createdAt
  }

  /// - Parameter payment: the one that was made of it
  func document(payment: String?) -> String {
    var object = CanonicalObject(reserving: 512)
    object.add("amount", Amount(minorUnits: amount, asset: asset))
    object.add("amount_minor", amount)
    object.add("as_of", quoted.asOf)
    object.add("asset", asset.symbol)
    object.add("chain", chain.text)
    if let contract = asset.contract { object.add("contract", EthereumAddress(contract).text) }
    object.add("created_at", createdAt)
    object.add("currency", quoted.currency.symbol)
    object.add("id", id)
    if let payment { object.add("payment_id", payment) }
    object.add("price", Amount(minorUnits: quoted.price, asset: quoted.currency))
    object.add("price_minor", quoted.price)
    object.add("rate", quoted.rate.text)
    object.add("sources", quoted.sources)
    object.add("valid_until", quoted.validUntil)
    return object.text
  }
}

/// Why no payment can be made of a quote. Nothing was written.
package enum QuoteRefusal: Error, Equatable, Sendable {
  /// There is none, or none of the tenant's.
  case notFound(String)
  case expired(String, at: Timestamp)
  /// A payment was made of it.
  case used(String, by: String)
}
