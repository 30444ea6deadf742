/// What a supply is, for as long as it is: one product at one location, counted in one unit.
package struct SupplyTerms: Codable, Equatable, Sendable {
  /// `sup_…`
  package let id: String
  package let tenant: String
  package let location: String
  package let product: String
  /// The smallest unit in which it is counted: `g`, `ml`, `piece`.
  package let unit: String

  package init(id: String, tenant: String, location: String, product: String, unit: String) {
    self.id = id
    self.tenant = tenant
    self.location = location
    self.product = product
    self.unit = unit
  }
}

/// What people note about a supply, and may change.
package struct SupplyDetails: Codable, Equatable, Sendable {
  package var name: String?
  /// Who sees to it.
  package var owner: String?
  /// What a unit costs: a decimal text, and of what.
  package var amount: String?
  package var currency: String?
  /// Available quantities up to this are low; nil where nobody asks to be told.
  package var lowAt: Int64?
  /// More is to be ordered once no more than this is available; nil where nobody asks for that.
  package var reorderAt: Int64?
  /// How much then.
  package var reorderQuantity: Int64?
  /// Larger units by name, each of so many of the smallest: a kg of 1,000 g, a case of 12 pieces.
  package var units: [String: Int64]?

  package static let maximumUnits = 16

  package init(
    name: String? = nil, owner: String? = nil, amount: String? = nil, currency: String? = nil,
    lowAt: Int64? = nil, reorderAt: Int64? = nil, reorderQuantity: Int64? = nil,
    units: [String: Int64]? = nil
  ) {
    self.name = name
    self.owner = owner
    self.amount = amount
    self.currency = currency
    self.lowAt = lowAt
    self.reorderAt = reorderAt
    self.reorderQuantity = reorderQuantity
    self.units = units
  }
}
