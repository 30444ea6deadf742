package import ChainTypes

/// What orders ask of supply: three calls with messages, whichever way they go. Each may be
/// repeated and may come late; what it does it does once.
package protocol StockReserving: Sendable {
  func reserve(_ request: ReserveStock) async throws -> ReserveStockReply
  func consume(_ request: ConsumeStock) async throws -> ConsumeStockReply
  func release(_ request: ReleaseStock) async throws -> ReleaseStockReply
}

/// So much of a product.
package struct StockLine: Codable, Equatable, Sendable {
  package let product: String
  package let quantity: Int64
  /// One that its supply names; nil for the smallest.
  package let unit: String?

  package init(product: String, quantity: Int64, unit: String? = nil) {
    self.product = product
    self.quantity = quantity
    self.unit = unit
  }
}

/// What a location lacks for an order, in the product's smallest unit.
package struct StockShortage: Codable, Equatable, Sendable {
  package let product: String
  package let wanted: Int64
  /// 0 also where the location doesn't keep the product.
  package let available: Int64
  /// In which it was wanted, where the location counts nothing in it.
  package let unit: String?

  package init(product: String, wanted: Int64, available: Int64, unit: String? = nil) {
    self.product = product
    self.wanted = wanted
    self.available = available
    self.unit = unit
  }
}

/// Sets aside what an order needs at a location, in place of what an earlier revision of it asked
/// for; all of it or nothing.
package struct ReserveStock: Equatable, Sendable {
  package let tenant: String
  package let order: String
  package let location: String
  package let revision: Int64
  package let lines: [StockLine]
  /// When it is given back by itself; nil where the order sees to it.
  package let until: Timestamp?

  package init(
    tenant: String, order: String, location: String, revision: Int64, lines: [StockLine],
    until: Timestamp?
  ) {
    self.tenant = tenant
    self.order = order
    self.location = location
    self.revision = revision
    self.lines = lines
    self.until = until
  }
}

package enum ReserveStockReply: Equatable, Sendable {
  case reserved
  /// Nothing changed: what an earlier revision holds it holds.
  case insufficient([StockShortage])
  /// The order has given its stock up or used it, or asks for something else by now.
  case overtaken
}

/// Uses what an order holds.
package struct ConsumeStock: Equatable, Sendable {
  package let tenant: String
  package let order: String

  package init(tenant: String, order: String) {
    self.tenant = tenant
    self.order = order
  }
}

package enum ConsumeStockReply: Equatable, Sendable {
  case consumed
  /// Nothing is held for the order.
  case notHeld
}

/// Gives back what an order holds, or consumed and didn't use. The revision is above those of the
/// requests that it ends.
package struct ReleaseStock: Equatable, Sendable {
  package let tenant: String
  package let order: String
  package let revision: Int64

  package init(tenant: String, order: String, revision: Int64) {
    self.tenant = tenant
    self.order = order
    self.revision = revision
  }
}

package enum ReleaseStockReply: Equatable, Sendable {
  case released
}
