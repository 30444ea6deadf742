package import Bytes
package import ChainTypes
package import Payments
package import Supply

/// What an order is, for as long as it is.
package struct OrderTerms: Codable, Equatable, Sendable {
  /// `ord_…`
  package let id: String
  package let tenant: String
  /// Who ordered, in the shop's own words.
  package fileprivate(set) var customer: String?
  /// Where it is prepared, from whose stock.
  package let location: String
  /// What prices are in: a fiat currency, or an asset.
  package let currency: Asset
  /// Until when somebody must have asked for its payment.
  package let expiresAt: Timestamp
  /// What the shop wants back: JSON text, never read here.
  package fileprivate(set) var metadata: String?

  /// The same without what it says of people, and the shop's own words.
  func forgotten() -> OrderTerms { with(customer: nil, metadata: nil) }

  func with(customer: String?, metadata: String?) -> OrderTerms {
    var terms = self
    terms.customer = customer
    terms.metadata = metadata
    return terms
  }

  package init(
    id: String, tenant: String, customer: String?, location: String, currency: Asset,
    expiresAt: Timestamp, metadata: String?
  ) {
    self.id = id
    self.tenant = tenant
    self.customer = customer
    self.location = location
    self.currency = currency
    self.expiresAt = expiresAt
    self.metadata = metadata
  }
}

/// So many pieces of a product, each made alike.
package struct OrderItem: Codable, Equatable, Sendable {
  package let product: String
  package let name: String?
  package let quantity: Int64
  /// Of a piece as it is usually made, in the currency's minor units.
  package let unitPrice: UInt256
  package let customizations: [Customization]
  /// What a piece takes from stock, customizations apart.
  package let stock: [StockLine]

  /// What is otherwise about it: oat milk, another shot.
  package struct Customization: Codable, Equatable, Sendable {
    package let name: String
    /// What it costs above the unit's price.
    package let price: UInt256
    package let stock: [StockLine]

    package init(name: String, price: UInt256, stock: [StockLine]) {
      self.name = name
      self.price = price
      self.stock = stock
    }
  }

  package init(
    product: String, name: String? = nil, quantity: Int64, unitPrice: UInt256,
    customizations: [Customization] = [], stock: [StockLine]
  ) {
    self.product = product
    self.name = name
    self.quantity = quantity
    self.unitPrice = unitPrice
    self.customizations = customizations
    self.stock = stock
  }

  package static let maximumQuantity: Int64 = 10_000
  package static let maximumItems = 100
  package static let maximumCustomizations = 20
  package static let maximumStockLines = 20
}

/// How the customer pays: in which coin, and how much where the order isn't priced in it.
package struct PaymentChoice: Codable, Equatable, Sendable {
  package let chain: ChainName
  package let asset: Asset
  package let amount: UInt256
  package let expiresInSeconds: Int64?
  package let refundAddress: String?
  /// How the amount was made of the order's total; nil where the order is priced in the asset, or
  /// the amount was named.
  package let quote: PaymentQuote?

  package init(
    chain: ChainName, asset: Asset, amount: UInt256, expiresInSeconds: Int64? = nil,
    refundAddress: String? = nil, quote: PaymentQuote? = nil
  ) {
    self.chain = chain
    self.asset = asset
    self.amount = amount
    self.expiresInSeconds = expiresInSeconds
    self.refundAddress = refundAddress
    self.quote = quote
  }
}
